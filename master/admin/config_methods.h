#ifndef MUSTER_MASTER_ADMIN_CONFIG_METHODS_H_
#define MUSTER_MASTER_ADMIN_CONFIG_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/config_call.pb.h"

namespace muster::master {

// The calls that ask about configurations: GetConfig, CheckConfig and CheckConfigText. `calls` and
// `operations` outlive the call; `response` is gRPC's.
grpc::ServerUnaryReactor* AnswerGetConfig(AdminCalls& calls, const AdminOperations& operations,
                                          admin::v1::ActiveConfig* response);
grpc::ServerUnaryReactor* AnswerCheckConfig(AdminCalls& calls, const AdminOperations& operations,
                                            admin::v1::ConfigCheck* response);
grpc::ServerUnaryReactor* AnswerCheckConfigText(AdminCalls& calls,
                                                const AdminOperations& operations,
                                                const admin::v1::CheckConfigTextRequest& request,
                                                admin::v1::ConfigCheck* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONFIG_METHODS_H_
