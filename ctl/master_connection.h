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

// A connection to the admin service of one master. Calls block; an error's message is for the
// operator. DeadlineExceeded: no answer came in time; Unavailable: none will come, for the
// connection was lost. What was ordered may have been done then. All other errors are the master's
// answer. Not thread-safe. gRPC, slow to compile, stays within its source.
class MasterConnection {
 public:
  // Connects to the first of the Unix sockets at which somebody listens. `timeout`: how long each
  // call may take. Unavailable: nobody listens at any of them; the message tells what to do.
  static absl::StatusOr<MasterConnection> Open(const std::vector<std::string>& paths,
                                               std::optional<absl::Duration> timeout);
  MasterConnection(MasterConnection&&) noexcept;
  ~MasterConnection();

  // Questions, whose answers are awaited for 5 s if no timeout was given.
  absl::StatusOr<admin::v1::Status> GetStatus();
  absl::StatusOr<admin::v1::ListWorkersResponse> ListWorkers();
  absl::StatusOr<admin::v1::Stats> GetStats();

  // Orders, answered when they were carried out. Meanwhile a terminal shows their progress.
  // Without a timeout it is the master that bounds the time.
  absl::StatusOr<admin::v1::ReloadResponse> Reload();
  absl::StatusOr<admin::v1::ReopenResponse> Reopen();
  absl::StatusOr<admin::v1::QuitResponse> Quit();
  absl::StatusOr<admin::v1::StopResponse> Stop();

  // Waits until the process that listens there has ended, so that whoever comes next finds its
  // addresses free. DeadlineExceeded: it has not within 10 s, or the timeout. OK at once if the
  // kernel does not tell who it is (it runs in another pid namespace).
  absl::Status WaitForEndOfMaster();

 private:
  struct Stub;
  MasterConnection(std::unique_ptr<Stub> stub, std::optional<ipc::PidFd> process,
                   std::optional<absl::Duration> timeout);

  enum class Kind { kQuestion, kOrder };
  template <typename Request, typename Response, typename Method>
  absl::StatusOr<Response> Call(Method method, Kind kind);

  std::unique_ptr<Stub> stub_;
  std::optional<ipc::PidFd> process_;  // that listens; none if unknown
  std::optional<absl::Duration> timeout_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_CONNECTION_H_
