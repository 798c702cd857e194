#ifndef MUSTER_MASTER_ADMIN_PAUSE_METHODS_H_
#define MUSTER_MASTER_ADMIN_PAUSE_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls Pause and Resume. The response of Pause has how the workers ended, that of Resume the
// new generation and its workers. `calls` and `operations` outlive the call; `context`,
// `request` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerPause(AdminCalls& calls, const AdminOperations& operations,
                                      grpc::CallbackServerContext* context,
                                      const admin::v1::PauseRequest* request,
                                      admin::v1::PauseResponse* response);
grpc::ServerUnaryReactor* AnswerResume(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ResumeRequest* request,
                                       admin::v1::ResumeResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_PAUSE_METHODS_H_
