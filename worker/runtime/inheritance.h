#ifndef MUSTER_WORKER_RUNTIME_INHERITANCE_H_
#define MUSTER_WORKER_RUNTIME_INHERITANCE_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker {

struct InheritedListener {
  std::string address;  // as the master calls it
  ipc::UniqueFd fd;     // listens, non-blocking
};

struct InheritedZone {
  std::string name;
  ipc::UniqueFd memory;
  ipc::UniqueFd bell;
};

// What a worker gets from its master before it can do anything.
struct Inheritance {
  v1::Hello hello;
  std::vector<InheritedListener> listeners;
  std::vector<InheritedZone> zones;  // the service's own
  ipc::UniqueFd zone;
  ipc::UniqueFd config;
  ipc::UniqueFd handoff_take;
  ipc::UniqueFd handoff_give;
};

// Takes the messages up to HELLO, from process `master` only. Blocks, at most for `timeout`.
// Unavailable: the master is gone. DeadlineExceeded: it stayed silent. FailedPrecondition: it
// speaks another version. InvalidArgument: a message is not what the protocol wants; which, and
// why.
absl::StatusOr<Inheritance> ReceiveInheritance(const ipc::Channel& channel, pid_t master,
                                               absl::Duration timeout);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_INHERITANCE_H_
