#include "muster/ctl/fake_admin.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "muster/ipc/base/check.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

template <typename Response>
grpc::Status Give(const FakeAdmin::Answer<Response>& answer, Response* response) {
  return answer ? answer(response) : grpc::Status::OK;
}

}  // namespace

std::unique_ptr<grpc::Server> FakeAdmin::Serve(const std::string& path) {
  std::unique_ptr<grpc::Server> server =
      grpc::ServerBuilder()
          .AddListeningPort("unix:" + path, grpc::InsecureServerCredentials())
          .RegisterService(this)
          .BuildAndStart();
  MUSTER_CHECK(server != nullptr, path.c_str());
  return server;
}

grpc::Status FakeAdmin::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                                  v1::Status* response) {
  return Give(get_status, response);
}

grpc::Status FakeAdmin::ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                                    v1::ListWorkersResponse* response) {
  return Give(list_workers, response);
}

grpc::Status FakeAdmin::GetStats(grpc::ServerContext*, const v1::GetStatsRequest*,
                                 v1::Stats* response) {
  return Give(get_stats, response);
}

grpc::Status FakeAdmin::Reload(grpc::ServerContext*, const v1::ReloadRequest*,
                               v1::ReloadResponse* response) {
  return Give(reload, response);
}

grpc::Status FakeAdmin::Reopen(grpc::ServerContext*, const v1::ReopenRequest*,
                               v1::ReopenResponse* response) {
  return Give(reopen, response);
}

grpc::Status FakeAdmin::Pause(grpc::ServerContext*, const v1::PauseRequest*,
                              v1::PauseResponse* response) {
  return Give(pause, response);
}

grpc::Status FakeAdmin::Resume(grpc::ServerContext*, const v1::ResumeRequest*,
                               v1::ResumeResponse* response) {
  return Give(resume, response);
}

grpc::Status FakeAdmin::Quit(grpc::ServerContext*, const v1::QuitRequest*,
                             v1::QuitResponse* response) {
  return Give(quit, response);
}

grpc::Status FakeAdmin::Stop(grpc::ServerContext*, const v1::StopRequest*,
                             v1::StopResponse* response) {
  return Give(stop, response);
}

}  // namespace muster::ctl
