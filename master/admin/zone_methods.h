#ifndef MUSTER_MASTER_ADMIN_ZONE_METHODS_H_
#define MUSTER_MASTER_ADMIN_ZONE_METHODS_H_

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::master {

// The calls ListZones and ListLocks. `calls` and `operations` outlive the call; `response` is
// gRPC's.
grpc::ServerUnaryReactor* AnswerListZones(AdminCalls& calls, const AdminOperations& operations,
                                          admin::v1::ListZonesResponse* response);
grpc::ServerUnaryReactor* AnswerListLocks(AdminCalls& calls, const AdminOperations& operations,
                                          const admin::v1::ListLocksRequest& request,
                                          admin::v1::ListLocksResponse* response);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ZONE_METHODS_H_
