#include "muster/master/admin/reopen_method.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerReopen(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       const admin::v1::ReopenRequest* request,
                                       admin::v1::ReopenResponse* response) {
  return calls.Change(
      context, "reopen", *request, operations.reopen,
      [response](const Outcome& outcome) { response->set_workers(outcome.reopened); });
}

}  // namespace muster::master
