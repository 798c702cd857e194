#include "muster/master/admin/reload_method.h"

#include "muster/master/admin/response_parts.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerReload(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       admin::v1::ReloadResponse* response) {
  return calls.Change(context, "reload", operations.reload,
                      [&operations, response](const Outcome& outcome) {
                        TellWhatServes(outcome, operations, response);
                        response->set_connections_held(outcome.connections_held);
                        response->set_connections_kept(outcome.connections_kept);
                        response->set_connections_cut(outcome.connections_cut);
                      });
}

}  // namespace muster::master
