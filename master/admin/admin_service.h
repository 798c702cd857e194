#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_

#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/process/log.h"
#include "muster/proto/admin.grpc.pb.h"

namespace muster::master {

// muster.admin.v1.Admin: leads each method to the file that answers it. Called in gRPC's threads.
// `loop` and `log` outlive it, and the gRPC server does not.
class AdminService final : public admin::v1::Admin::CallbackService {
 public:
  AdminService(loop::EventLoop& loop, AdminOperations operations, Log& log)
      : operations_(std::move(operations)), calls_(loop, log) {}

  // Ends the calls under way and every later one with UNAVAILABLE.
  void Close() { calls_.Close(); }

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const admin::v1::GetStatusRequest* request,
                                      admin::v1::Status* response) override;
  grpc::ServerUnaryReactor* ListWorkers(grpc::CallbackServerContext* context,
                                        const admin::v1::ListWorkersRequest* request,
                                        admin::v1::ListWorkersResponse* response) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const admin::v1::GetStatsRequest* request,
                                     admin::v1::Stats* response) override;
  grpc::ServerUnaryReactor* Reload(grpc::CallbackServerContext* context,
                                   const admin::v1::ReloadRequest* request,
                                   admin::v1::ReloadResponse* response) override;
  grpc::ServerUnaryReactor* Reopen(grpc::CallbackServerContext* context,
                                   const admin::v1::ReopenRequest* request,
                                   admin::v1::ReopenResponse* response) override;
  grpc::ServerUnaryReactor* Quit(grpc::CallbackServerContext* context,
                                 const admin::v1::QuitRequest* request,
                                 admin::v1::QuitResponse* response) override;
  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                 const admin::v1::StopRequest* request,
                                 admin::v1::StopResponse* response) override;

 private:
  const AdminOperations operations_;
  AdminCalls calls_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVICE_H_
