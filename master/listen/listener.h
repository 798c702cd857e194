#ifndef MUSTER_MASTER_LISTEN_LISTENER_H_
#define MUSTER_MASTER_LISTEN_LISTENER_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_file.h"
#include "muster/listen/socket_rights.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::master {

// A socket to listen with: non-blocking, close-on-exec. The master makes it, and keeps it open as
// long as any configuration wants it. So the connections in its queue are never lost. Workers get
// duplicates, which listen when it does. Closing a Unix socket removes its file. What is const may
// be called in several threads.
class Listener {
 public:
  // Binds, and does not listen yet: nobody can connect. `rights` are for the file of a Unix socket,
  // which replaces one that a dead process left. AlreadyExists: somebody listens there. Other
  // errors name the call and the address.
  static absl::StatusOr<Listener> Bind(const listen::Address& address,
                                       const listen::SocketRights& rights = {});

  // Whether Bind would find the address free now. Does not listen and leaves no trace. For a Unix
  // socket it only looks at what its path has.
  static absl::Status Probe(const listen::Address& address);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  // Takes a socket that listens already, from a service manager. `is_shared`: the manager made it
  // and keeps it, so its file is the manager's, too, which has given it its rights. Else a master
  // before this one made it. It admits clients then, and its file is not owned before
  // SocketFile::Own. InvalidArgument: it
  // is no socket that could be listened on here; the message says what it is: "is no socket".
  static absl::StatusOr<Listener> Adopt(ipc::UniqueFd fd, bool is_shared);

  // For another program of this process.
  state::v1::Socket Save(DescriptorKeep& keep) const;
  // The socket is looked at, and stays as it is. It is not owned before Own.
  // InvalidArgument: it is not what the state says; the message has the field, and both.
  static absl::StatusOr<Listener> Restore(const state::v1::Socket& state,
                                          DescriptorInheritance& descriptors);

  // From now on this process removes the file of a Unix socket when it is closed, and others can
  // have the address then that a program before this one has reserved. Until then the socket may be
  // that of a process that goes on.
  void Own();

  // A further socket for the address, which is IPv4 or IPv6. The kernel spreads connections over
  // those that listen. It is bound when it listens, and by then this one must share its port: the
  // bind of another socket must not change a live one.
  absl::StatusOr<Listener> MakeSibling() const;

  // A socket for an address that overlaps with that of another of this process, which listens. The
  // kernel prefers the one whose address is a single one. It is bound when it listens, as a sibling
  // is, and by then the other one must share its port. EADDRNOTAVAIL and the like are told now.
  static absl::StatusOr<Listener> MakeBeside(const listen::Address& address);

  // Listens; if it does already, only its backlog changes. AlreadyExists: another socket that was
  // bound to the address listened first. NotFound: the file of a Unix socket, which did not listen
  // yet, is not there any more, so that nobody would find it. It admits clients, also after Retire
  // or StopListening.
  absl::Status Listen(int backlog);
  bool is_listening() const { return is_listening_; }
  // That it listens with; zero: it has not listened.
  int backlog() const { return backlog_; }
  // From now on it admits no client, without telling any of them: of a handshake that begins the
  // kernel hears nothing, so the client tries again, which takes a second at first. Handshakes that
  // have begun come to their end, and who waits to be accepted can be accepted. Of a Unix socket
  // the file is removed, and it cannot be used again. After an error it admits clients as before:
  // some kernels let only those who have CAP_NET_ADMIN attach a filter.
  absl::Status Retire();
  // The same for a TCP socket without any right, for after an error. But the connections that come
  // hear nothing more before Accept of this class has got them: only who would not miss those that
  // workers accept may call it. And clients of the same link that send with 255 hops are admitted.
  absl::Status RetireByHops();
  bool is_retired() const { return is_retired_; }
  // Invalid, with errno: there is none. The connection has nothing of Retire.
  ipc::UniqueFd Accept() const;
  // Ends the listening in every process that has the socket, and resets the connections that wait
  // in it. A TCP socket stays bound, and Listen makes it listen again; a Unix socket is of no use
  // afterwards.
  void StopListening();
  // The same, and nobody else can take the address, as long as the socket is open.
  void Reserve();
  bool is_reserved() const { return is_reserved_; }

  // Lets siblings, or other sockets of this user, have the same address (SO_REUSEPORT). Not before
  // it listens: it would join the sockets of another master.
  absl::Status SharePort(bool on);
  bool shares_port() const { return shares_port_; }

  // Whether a service manager keeps it, whatever this process does with it.
  bool is_shared() const { return is_shared_; }

  // Of a Unix socket.
  bool has_file() const { return file_.has_value(); }
  listen::SocketFile& file() { return *file_; }
  const listen::SocketFile& file() const { return *file_; }

  int fd() const { return fd_.get(); }
  // With the port that is really bound.
  const listen::Address& address() const { return address_; }

 private:
  Listener(ipc::UniqueFd fd, const listen::Address& address)
      : fd_(std::move(fd)), address_(address) {}

  // Undoes Retire, of a TCP socket.
  void Admit();
  // Whether others may bind the address while it does not listen (SO_REUSEADDR).
  void SetReusable(bool on);

  ipc::UniqueFd fd_;
  listen::Address address_;
  std::optional<listen::SocketFile> file_;  // ends before the socket is closed
  bool is_bound_ = true;
  bool is_listening_ = false;
  int backlog_ = 0;
  bool shares_port_ = false;
  bool is_shared_ = false;
  bool is_retired_ = false;
  bool is_reserved_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LISTEN_LISTENER_H_
