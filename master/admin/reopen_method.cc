#include "muster/master/admin/reopen_method.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerReopen(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       admin::v1::ReopenResponse* response) {
  return calls.Change(context, "reopen", operations.reopen, [response](const Outcome& outcome) {
    response->set_workers(outcome.reopened);
  });
}

}  // namespace muster::master
