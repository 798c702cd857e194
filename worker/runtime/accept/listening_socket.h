#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_LISTENING_SOCKET_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_LISTENING_SOCKET_H_

#include <memory>
#include <string>

#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/accept/listener_terms.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/inheritance.h"

namespace muster::worker {

// A socket to accept from, shared with the master and maybe with other workers. In the loop's
// thread. No call blocks.
class ListeningSocket {
 public:
  explicit ListeningSocket(InheritedListener listener,
                           std::shared_ptr<const ListenerTerms> terms = ListenerTerms::None());

  // False: the master has not made it listen, or another process has ended that.
  bool listens() const;

  enum class Outcome {
    kAccepted,
    kNothing,       // no client waits, or another worker was faster
    kNoDescriptor,  // this process or the machine has no descriptor free; the client still waits
    kFailed,        // errno says why
  };
  // Accepts one connection and fills in fd and what of its origin the kernel tells. Clients that
  // gave up in the meantime are skipped.
  Outcome Accept(Connection* connection) const;

  int fd() const { return fd_.get(); }
  const std::string& address() const { return address_; }
  const std::shared_ptr<const ListenerTerms>& terms() const { return terms_; }

 private:
  std::string address_;
  ipc::UniqueFd fd_;
  std::shared_ptr<const ListenerTerms> terms_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_LISTENING_SOCKET_H_
