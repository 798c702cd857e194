#ifndef MUSTER_MASTER_ADMIN_REOPEN_METHOD_H_
#define MUSTER_MASTER_ADMIN_REOPEN_METHOD_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The call Reopen. The response has the number of workers that opened their log files again.
// `calls` and `operations` outlive the call; `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerReopen(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ReopenRequest* request,
                                       admin::v1::ReopenResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REOPEN_METHOD_H_
