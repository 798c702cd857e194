#ifndef MUSTER_MASTER_ADMIN_LOG_LEVEL_METHOD_H_
#define MUSTER_MASTER_ADMIN_LOG_LEVEL_METHOD_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The call SetLogLevel. The response has the level until now. `calls` and `operations` outlive the
// call; `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerSetLogLevel(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            const admin::v1::SetLogLevelRequest& request,
                                            admin::v1::SetLogLevelResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_LOG_LEVEL_METHOD_H_
