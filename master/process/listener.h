#ifndef MUSTER_MASTER_PROCESS_LISTENER_H_
#define MUSTER_MASTER_PROCESS_LISTENER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/process/address.h"

namespace muster::master {

// A bound, listening socket: non-blocking, close-on-exec. The master makes it and holds it
// open as long as any configuration wants it, so that the connections in its queue are
// never lost; workers get duplicates. Closing a Unix socket removes its path.
class Listener {
 public:
  enum class Port { kOwn, kShared };

  // kShared: other listeners may be bound to the same address (SO_REUSEPORT); the kernel spreads
  // connections over them. A Unix socket's path that nobody listens on any more is taken over.
  // AlreadyExists: somebody listens there; other errors name the call and the address.
  static absl::StatusOr<Listener> Bind(const Address& address, int backlog, Port port);

  // Whether Bind would find the address free now, without listening there and without a trace. Of a
  // Unix socket's path only what is there is looked at.
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
