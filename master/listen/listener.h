#ifndef MUSTER_MASTER_LISTEN_LISTENER_H_
#define MUSTER_MASTER_LISTEN_LISTENER_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/socket_file.h"
#include "muster/master/listen/socket_rights.h"

namespace muster::master {

// A socket to listen with: non-blocking, close-on-exec. The master makes it, and keeps it open as
// long as any configuration wants it. So the connections in its queue are never lost. Workers get
// duplicates, which listen when it does. Closing a Unix socket removes its file.
class Listener {
 public:
  // Binds, and does not listen yet: nobody can connect. `rights` are for the file of a Unix socket,
  // which replaces one that a dead process left. AlreadyExists: somebody listens there. Other
  // errors name the call and the address.
  static absl::StatusOr<Listener> Bind(const Address& address, const SocketRights& rights = {});

  // Whether Bind would find the address free now. Does not listen and leaves no trace. For a Unix
  // socket it only looks at what its path has.
  static absl::Status Probe(const Address& address);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener() = default;

  // A further socket for the address, which is IPv4 or IPv6. The kernel spreads connections over
  // those that listen. It is bound when it listens, and by then this one must share its port: the
  // bind of another socket must not change a live one.
  absl::StatusOr<Listener> MakeSibling() const;

  // Listens; if it does already, only its backlog changes. AlreadyExists: another socket that was
  // bound to the address listened first. NotFound: the file of a Unix socket, which did not listen
  // yet, is not there any more, so that nobody would find it.
  absl::Status Listen(int backlog);
  bool is_listening() const { return is_listening_; }
  // That it listens with; zero: it has not listened.
  int backlog() const { return backlog_; }
  // Ends the listening in every process that has the socket. It is of no use afterwards.
  void StopListening();

  // Lets siblings, or other sockets of this user, have the same address (SO_REUSEPORT). Not before
  // it listens: it would join the sockets of another master.
  absl::Status SharePort(bool on);
  bool shares_port() const { return shares_port_; }

  // Of a Unix socket.
  bool has_file() const { return file_.has_value(); }
  SocketFile& file() { return *file_; }
  const SocketFile& file() const { return *file_; }

  int fd() const { return fd_.get(); }
  // With the port that is really bound.
  const Address& address() const { return address_; }

 private:
  Listener(ipc::UniqueFd fd, const Address& address) : fd_(std::move(fd)), address_(address) {}

  ipc::UniqueFd fd_;
  Address address_;
  std::optional<SocketFile> file_;  // ends before the socket is closed
  bool is_bound_ = true;
  bool is_listening_ = false;
  int backlog_ = 0;
  bool shares_port_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_H_
