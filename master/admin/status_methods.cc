#include "muster/master/admin/status_methods.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerGetStatus(AdminCalls& calls, const AdminOperations& operations,
                                          grpc::CallbackServerContext* context,
                                          admin::v1::Status* response) {
  return calls.ReadNow(context, [&operations, response] { *response = operations.status(); });
}

grpc::ServerUnaryReactor* AnswerListWorkers(AdminCalls& calls, const AdminOperations& operations,
                                            grpc::CallbackServerContext* context,
                                            admin::v1::ListWorkersResponse* response) {
  return calls.ReadNow(context, [&operations, response] {
    admin::v1::Status status = operations.status();
    response->mutable_workers()->Swap(status.mutable_workers());
    response->mutable_ended()->Swap(status.mutable_stats()->mutable_ended());
  });
}

grpc::ServerUnaryReactor* AnswerGetStats(AdminCalls& calls, const AdminOperations& operations,
                                         grpc::CallbackServerContext* context,
                                         admin::v1::Stats* response) {
  return calls.ReadNow(context, [&operations, response] {
    admin::v1::Status status = operations.status();
    response->Swap(status.mutable_stats());
  });
}

}  // namespace muster::master
