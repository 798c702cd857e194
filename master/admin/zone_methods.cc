#include "muster/master/admin/zone_methods.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerListZones(AdminCalls& calls, const AdminOperations& operations,
                                          admin::v1::ListZonesResponse* response) {
  return calls.Ask<admin::v1::ListZonesResponse>(operations.list_zones, response);
}

grpc::ServerUnaryReactor* AnswerListLocks(AdminCalls& calls, const AdminOperations& operations,
                                          const admin::v1::ListLocksRequest& request,
                                          admin::v1::ListLocksResponse* response) {
  return calls.Ask<admin::v1::ListLocksResponse>(
      [&operations, request](const auto& answer) { operations.list_locks(request, answer); },
      response);
}

}  // namespace muster::master
