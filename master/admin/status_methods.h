#ifndef MUSTER_MASTER_ADMIN_STATUS_METHODS_H_
#define MUSTER_MASTER_ADMIN_STATUS_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls that read: GetStatus, ListWorkers and GetStats. They are answered in
// gRPC's thread. `calls` and `operations` outlive the call; `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerGetStatus(AdminCalls& calls, const AdminOperations& operations,
                                          grpc::CallbackServerContext* context,
                                          admin::v1::Status* response);
grpc::ServerUnaryReactor* AnswerListWorkers(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            admin::v1::ListWorkersResponse* response);
grpc::ServerUnaryReactor* AnswerGetStats(AdminCalls& calls, const AdminOperations& operations,
                                         grpc::CallbackServerContext* context,
                                         admin::v1::Stats* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_STATUS_METHODS_H_
