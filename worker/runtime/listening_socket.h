#ifndef MUSTER_WORKER_RUNTIME_LISTENING_SOCKET_H_
#define MUSTER_WORKER_RUNTIME_LISTENING_SOCKET_H_

#include <string>

#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/inheritance.h"

namespace muster::worker {

// A socket that listens, shared with the master and maybe with other workers.
class ListeningSocket {
 public:
  explicit ListeningSocket(InheritedListener listener);

  enum class Outcome {
    kAccepted,
    kNothing,       // nobody waits, or another worker was faster
    kNoDescriptor,  // this process or the machine has no room; the client still waits
    kFailed,        // errno says why
  };
  // Fills in fd, peer and peer_bytes. A client that gave up meanwhile is passed over.
  Outcome Accept(Connection* connection) const;

  int fd() const { return fd_.get(); }
  const std::string& address() const { return address_; }

 private:
  std::string address_;
  ipc::UniqueFd fd_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_LISTENING_SOCKET_H_
