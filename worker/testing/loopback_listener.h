#ifndef MUSTER_WORKER_TESTING_LOOPBACK_LISTENER_H_
#define MUSTER_WORKER_TESTING_LOOPBACK_LISTENER_H_

#include <cstdint>

#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/inheritance.h"

namespace muster::worker::testing {

// Listens on 127.0.0.1, on a port that the kernel chose.
class LoopbackListener {
 public:
  LoopbackListener();

  int fd() const { return fd_.get(); }
  std::uint16_t port() const { return port_; }
  // A duplicate, non-blocking, as a worker gets it.
  InheritedListener Inherit() const;

 private:
  ipc::UniqueFd fd_;
  std::uint16_t port_ = 0;
};

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_LOOPBACK_LISTENER_H_
