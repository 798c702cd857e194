#ifndef MUSTER_MASTER_ADMIN_STATUS_METHODS_H_
#define MUSTER_MASTER_ADMIN_STATUS_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/report/status_part.h"

namespace muster::master {

// The calls that read: GetStatus, ListWorkers and GetStats, whose response is this part of the
// status. They are answered in gRPC's thread, which is given the response serialised: as a message
// its parts would be most of what a call costs. `calls` and `operations` outlive the call;
// `context` and `response` are gRPC's.
grpc::ServerUnaryReactor* AnswerStatus(AdminCalls& calls, const AdminOperations& operations,
                                       StatusPart part, grpc::CallbackServerContext* context,
                                       grpc::ByteBuffer* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_STATUS_METHODS_H_
