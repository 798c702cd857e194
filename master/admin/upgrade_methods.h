#ifndef MUSTER_MASTER_ADMIN_UPGRADE_METHODS_H_
#define MUSTER_MASTER_ADMIN_UPGRADE_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls Upgrade, UndoUpgrade and CommitUpgrade. `calls` and `operations` outlive the call;
// `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::UpgradeRequest& request,
                                        admin::v1::UpgradeResponse* response);
grpc::ServerUnaryReactor* AnswerUndoUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            const admin::v1::UndoUpgradeRequest& request,
                                            admin::v1::UpgradeResponse* response);
grpc::ServerUnaryReactor* AnswerCommitUpgrade(AdminCalls& calls, const AdminOperations& operations,
                                              grpc::CallbackServerContext* context,
                                              const admin::v1::CommitUpgradeRequest& request,
                                              admin::v1::UpgradeResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_UPGRADE_METHODS_H_
