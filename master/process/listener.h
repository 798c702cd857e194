#ifndef MUSTER_MASTER_PROCESS_LISTENER_H_
#define MUSTER_MASTER_PROCESS_LISTENER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/process/address.h"

namespace muster::master {

// A bound, listening socket: non-blocking, close-on-exec. The master makes it, and keeps it open as
// long as any configuration wants it. So the connections in its queue are never lost. Workers get
// duplicates. Closing a Unix socket removes its path.
class Listener {
 public:
  enum class Port { kOwn, kShared };

  // kShared: other listeners may be bound to the same address (SO_REUSEPORT), and the kernel
  // spreads connections over them. A path of a Unix socket on which nobody listens any more is
  // taken over. AlreadyExists: somebody listens there. Other errors name the call and the address.
  static absl::StatusOr<Listener> Bind(const Address& address, int backlog, Port port);

  // Whether Bind would find the address free now. Does not listen and leaves no trace. For a Unix
  // socket it only looks at what its path has.
  static absl::Status Probe(const Address& address);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  // Lets further listeners share the address.
  absl::Status SharePort() const;
  absl::Status SetBacklog(int backlog) const;

  int fd() const { return fd_.get(); }
  // With the port that is really bound.
  const Address& address() const { return address_; }

 private:
  Listener(ipc::UniqueFd fd, const Address& address) : fd_(std::move(fd)), address_(address) {}

  ipc::UniqueFd fd_;
  Address address_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_LISTENER_H_
