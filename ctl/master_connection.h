#ifndef CTL_MASTER_CONNECTION_H_
#define CTL_MASTER_CONNECTION_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ctl/progress.h"
#include "ipc/pid_fd.h"
#include "ipc/status.h"
#include "proto/admin.grpc.pb.h"

namespace muster::ctl {

// A connection to the admin service of one master. Calls block. Not thread-safe.
class MasterConnection {
 public:
  using Stub = admin::v1::Admin::Stub;
  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // Connects to the first of the Unix sockets at which somebody listens. `timeout`: how long each
  // call may take. Unavailable: nobody listens at any of them; the message tells what to do.
  static absl::StatusOr<MasterConnection> Open(const std::vector<std::string>& paths,
                                               std::optional<absl::Duration> timeout);

  // The answer to a question, awaited for 5 s if no timeout was given.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Ask(Method<Request, Response> method) {
    return Call(method, timeout_.value_or(absl::Seconds(5)));
  }

  // The answer to an order, which comes when it was carried out. Meanwhile a terminal shows
  // `progress`, "reloading". Without a timeout it is the master that bounds the time.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Order(const std::string& progress, Method<Request, Response> method) {
    const Progress line(progress);
    return Call(method, timeout_.value_or(absl::InfiniteDuration()));
  }

  // Waits until the process that listens there has ended, so that whoever comes next finds its
  // addresses free. DeadlineExceeded: it has not within 10 s, or the timeout. OK at once if the
  // kernel does not tell who it is (it runs in another pid namespace).
  absl::Status WaitForEndOfMaster();

 private:
  MasterConnection(std::unique_ptr<Stub> stub, std::optional<ipc::PidFd> process,
                   std::optional<absl::Duration> timeout);

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method, absl::Duration limit) {
    Response response;
    MUSTER_RETURN_IF_ERROR(Within(limit, [&](grpc::ClientContext* context) {
      return (stub_.get()->*method)(context, Request(), &response);
    }));
    return response;
  }

  // Runs `call` with a deadline, and says in our words how it failed.
  absl::Status Within(absl::Duration limit,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call);

  std::unique_ptr<Stub> stub_;
  std::optional<ipc::PidFd> process_;  // that listens; none if unknown
  std::optional<absl::Duration> timeout_;
};

}  // namespace muster::ctl

#endif  // CTL_MASTER_CONNECTION_H_
