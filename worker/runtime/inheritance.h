#ifndef MUSTER_WORKER_RUNTIME_INHERITANCE_H_
#define MUSTER_WORKER_RUNTIME_INHERITANCE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/runtime/received_logs.h"

namespace muster::worker {

struct InheritedListener {
  std::string address;  // as the master names it
  ipc::UniqueFd fd;     // bound, non-blocking; it listens by the time of SERVE
  // One more than its place among the `listen` of the configuration. 0: the master does not tell.
  std::uint32_t place = 0;
};

// A user zone (worker/zone/user_zone.h).
struct InheritedZone {
  std::string name;
  ipc::UniqueFd memory;
  ipc::UniqueFd bell;
};

// Everything that a worker receives from its master at the start: the content of the messages
// LISTENERS, ZONES and HELLO, and the logs that HELLO names.
struct Inheritance {
  v1::Hello hello;
  std::uint32_t protocol = 0;  // the version that both sides speak
  std::vector<InheritedListener> listeners;
  std::vector<InheritedZone> zones;
  ipc::UniqueFd zone;    // the shared zone
  ipc::UniqueFd config;  // sealed; worker/runtime/received_config.h reads it
  ipc::UniqueFd handoff_take;
  ipc::UniqueFd handoff_give;
  ReceivedLogs logs;
};

// Receives the messages up to HELLO, from process `master` only. Blocks, for at most `timeout`.
// Unavailable: the master is gone. DeadlineExceeded: HELLO did not come in time.
// FailedPrecondition: the master speaks another version of the protocol. InvalidArgument: a message
// breaks the protocol. The error says which, and how.
absl::StatusOr<Inheritance> ReceiveInheritance(const ipc::Channel& channel, pid_t master,
                                               absl::Duration timeout);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_INHERITANCE_H_
