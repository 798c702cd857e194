#ifndef MUSTER_WORKER_RUNTIME_RECEIVED_LOGS_H_
#define MUSTER_WORKER_RUNTIME_RECEIVED_LOGS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/log/target.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker {

// The log files that the master has opened for this worker, whose user need not have the right to.
// In the loop's thread.
class ReceivedLogs {
 public:
  ReceivedLogs() = default;
  // Takes those that HELLO names and the process has inherited. A number that is not open, or could
  // be something else, is left out.
  static ReceivedLogs Inherit(const v1::Hello& hello);

  // Takes those of a REOPEN, in place of the ones that nobody has opened. InvalidArgument: its
  // payload is no muster.worker.v1.Logs, or has another number of descriptors.
  absl::Status Take(const ipc::ReceivedMessage& reopen);

  // What the master has opened for that path, once; or else as log::Target::Open, by this process
  // itself. Error: why the master, or this process, could not.
  absl::StatusOr<log::Target> Open(const std::string& path);

  // Those that the process has inherited: it need not be able to open them.
  const std::set<std::string>& inherited() const { return inherited_; }

 private:
  std::set<std::string> inherited_;
  // By path; not opened by anybody yet.
  std::multimap<std::string, absl::StatusOr<ipc::UniqueFd>> received_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_RECEIVED_LOGS_H_
