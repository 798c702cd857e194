#ifndef MUSTER_MASTER_ADMIN_WORKER_METHODS_H_
#define MUSTER_MASTER_ADMIN_WORKER_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls about single workers: Restart, ChangeWorker and Scale. `calls` and `operations` outlive
// the call; `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerRestart(AdminCalls& calls, const AdminOperations& operations,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::RestartRequest& request,
                                        admin::v1::RestartResponse* response);
grpc::ServerUnaryReactor* AnswerChangeWorker(AdminCalls& calls, const AdminOperations& operations,
                                             grpc::CallbackServerContext* context,
                                             const admin::v1::ChangeWorkerRequest& request,
                                             admin::v1::ChangeWorkerResponse* response);
grpc::ServerUnaryReactor* AnswerScale(AdminCalls& calls, const AdminOperations& operations,
                                      grpc::CallbackServerContext* context,
                                      const admin::v1::ScaleRequest& request,
                                      admin::v1::ScaleResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WORKER_METHODS_H_
