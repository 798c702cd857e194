#ifndef MUSTER_CTL_MASTER_MASTER_CHANNEL_H_
#define MUSTER_CTL_MASTER_MASTER_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ctl/master/master_target.h"
#include "muster/ipc/process/pid_fd.h"

namespace muster::ctl {

// A connection that is made.
struct MasterChannel {
  std::shared_ptr<grpc::Channel> channel;
  // The process that listens there; empty if it is unknown.
  std::optional<ipc::PidFd> process;
};

// Connects to `target`, within `limit`; of the paths of sockets, within `limit` for each.
// Unavailable: nobody takes connections there. DeadlineExceeded: somebody does, and says nothing.
// Other errors: somebody does, and it is no use. The message is for the operator.
absl::StatusOr<MasterChannel> OpenMasterChannel(const MasterTarget& target, absl::Duration limit);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_MASTER_CHANNEL_H_
