#ifndef MUSTER_MASTER_ADMIN_RELOAD_METHOD_H_
#define MUSTER_MASTER_ADMIN_RELOAD_METHOD_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls Reload, ReloadConfigText and Rollback. The response has the new generation, how long
// the reload took, the workers of that generation, and what became of the connections of the old
// one. `calls` and `operations` outlive the call; `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerReload(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ReloadRequest& request,
                                       admin::v1::ReloadResponse* response);
grpc::ServerUnaryReactor* AnswerReloadConfigText(AdminCalls& calls,
                                                 const AdminOperations& operations,
                                                 grpc::CallbackServerContext* context,
                                                 const admin::v1::ReloadConfigTextRequest& request,
                                                 admin::v1::ReloadResponse* response);
grpc::ServerUnaryReactor* AnswerRollback(AdminCalls& calls, const AdminOperations& operations,
                                         grpc::CallbackServerContext* context,
                                         const admin::v1::RollbackRequest& request,
                                         admin::v1::ReloadResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_RELOAD_METHOD_H_
