#ifndef MUSTER_MASTER_ADMIN_CALL_CALL_METHODS_H_
#define MUSTER_MASTER_ADMIN_CALL_CALL_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/access/caller.h"
#include "muster/master/events/call_audit.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// The calls that ask what became of other calls. They are answered in gRPC's thread. `context`,
// `request` and `response` are gRPC's.

// NOT_FOUND: nobody has made such a call, or too many have come since. Of several callers' calls
// with the same id it is that of `caller`, else the last one.
grpc::ServerUnaryReactor* AnswerGetCall(const CallAudit& audit, const Caller& caller,
                                        grpc::CallbackServerContext* context,
                                        const admin::v1::GetCallRequest* request,
                                        admin::v1::Call* response);
grpc::ServerUnaryReactor* AnswerListCalls(const CallAudit& audit,
                                          grpc::CallbackServerContext* context,
                                          admin::v1::ListCallsResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CALL_CALL_METHODS_H_
