#ifndef MUSTER_CTL_MASTER_CONNECTION_H_
#define MUSTER_CTL_MASTER_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// A connection to the admin service of one master. Calls block. The message of an error is for the
// operator. DeadlineExceeded: no answer came in time. Unavailable: the connection was lost, and no
// answer will come. In both cases the order may have been carried out. All other errors are the
// master's answer. Not thread-safe. Only the source includes gRPC, which is slow to compile.
class MasterConnection {
 public:
  // Connects to the first of the Unix sockets at which a process listens. `timeout`: how long each
  // call may take. Unavailable: no process listens at any of them. The message says what to do.
  static absl::StatusOr<MasterConnection> Open(const std::vector<std::string>& paths,
                                               std::optional<absl::Duration> timeout);
  MasterConnection(MasterConnection&&) noexcept;
  ~MasterConnection();

  // Questions. Without a timeout they wait 5 s for the answer.
  absl::StatusOr<admin::v1::Status> GetStatus();
  absl::StatusOr<admin::v1::ListWorkersResponse> ListWorkers();
  absl::StatusOr<admin::v1::Stats> GetStats();

  // Orders. The answer comes when the order was carried out. Until then a terminal shows the
  // waiting time (progress.h). Without a timeout the master bounds the time.
  absl::StatusOr<admin::v1::ReloadResponse> Reload();
  absl::StatusOr<admin::v1::ReopenResponse> Reopen();
  absl::StatusOr<admin::v1::PauseResponse> Pause();
  absl::StatusOr<admin::v1::ResumeResponse> Resume();
  absl::StatusOr<admin::v1::QuitResponse> Quit();
  absl::StatusOr<admin::v1::StopResponse> Stop();

  // Waits until the process that listens there has ended, so that its addresses are free for the
  // next one. DeadlineExceeded: it has not ended within 10 s, or within the timeout. OK at once if
  // the process is unknown, because it runs in another pid namespace.
  absl::Status WaitForEndOfMaster();

 private:
  struct Stub;
  MasterConnection(std::unique_ptr<Stub> stub, std::optional<ipc::PidFd> process,
                   std::optional<absl::Duration> timeout);

  enum class Kind { kQuestion, kOrder };
  template <typename Request, typename Response, typename Method>
  absl::StatusOr<Response> Call(Method method, Kind kind);

  std::unique_ptr<Stub> stub_;
  std::optional<ipc::PidFd> process_;  // the one that listens; empty if unknown
  std::optional<absl::Duration> timeout_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_CONNECTION_H_
