#ifndef MUSTER_CTL_FAKE_ADMIN_H_
#define MUSTER_CTL_FAKE_ADMIN_H_

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>

#include "muster/proto/admin.grpc.pb.h"

namespace muster::ctl {

// An admin service that answers as a test wants. A call whose function is not set answers with an
// empty message. Set the functions before Serve. gRPC's threads call them.
class FakeAdmin final : public admin::v1::Admin::Service {
 public:
  template <typename Response>
  using Answer = std::function<grpc::Status(Response*)>;

  Answer<admin::v1::Status> get_status;
  Answer<admin::v1::ListWorkersResponse> list_workers;
  Answer<admin::v1::Stats> get_stats;
  Answer<admin::v1::ReloadResponse> reload;
  Answer<admin::v1::ReopenResponse> reopen;
  Answer<admin::v1::PauseResponse> pause;
  Answer<admin::v1::ResumeResponse> resume;
  Answer<admin::v1::QuitResponse> quit;
  Answer<admin::v1::StopResponse> stop;

  // Listens on a Unix socket at `path`, which the server removes at its end. Aborts if it cannot.
  std::unique_ptr<grpc::Server> Serve(const std::string& path);

 private:
  grpc::Status GetStatus(grpc::ServerContext*, const admin::v1::GetStatusRequest*,
                         admin::v1::Status* response) override;
  grpc::Status ListWorkers(grpc::ServerContext*, const admin::v1::ListWorkersRequest*,
                           admin::v1::ListWorkersResponse* response) override;
  grpc::Status GetStats(grpc::ServerContext*, const admin::v1::GetStatsRequest*,
                        admin::v1::Stats* response) override;
  grpc::Status Reload(grpc::ServerContext*, const admin::v1::ReloadRequest*,
                      admin::v1::ReloadResponse* response) override;
  grpc::Status Reopen(grpc::ServerContext*, const admin::v1::ReopenRequest*,
                      admin::v1::ReopenResponse* response) override;
  grpc::Status Pause(grpc::ServerContext*, const admin::v1::PauseRequest*,
                     admin::v1::PauseResponse* response) override;
  grpc::Status Resume(grpc::ServerContext*, const admin::v1::ResumeRequest*,
                      admin::v1::ResumeResponse* response) override;
  grpc::Status Quit(grpc::ServerContext*, const admin::v1::QuitRequest*,
                    admin::v1::QuitResponse* response) override;
  grpc::Status Stop(grpc::ServerContext*, const admin::v1::StopRequest*,
                    admin::v1::StopResponse* response) override;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_FAKE_ADMIN_H_
