#ifndef MUSTER_MASTER_ADMIN_END_METHODS_H_
#define MUSTER_MASTER_ADMIN_END_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls that end the master: Quit, which lets the workers finish, and Stop, which does not. The
// responses have how the workers ended. `calls` and `operations` outlive the call; `context`,
// `request` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerQuit(AdminCalls& calls, const AdminOperations& operations,
                                     grpc::CallbackServerContext* context,
                                     const admin::v1::QuitRequest* request,
                                     admin::v1::QuitResponse* response);
grpc::ServerUnaryReactor* AnswerStop(AdminCalls& calls, const AdminOperations& operations,
                                     grpc::CallbackServerContext* context,
                                     const admin::v1::StopRequest* request,
                                     admin::v1::StopResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_END_METHODS_H_
