#include "muster/master/admin/reload_method.h"

#include "muster/proto/duration.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerReload(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       admin::v1::ReloadResponse* response) {
  return calls.Change(context, "reload", operations.reload,
                      [&operations, response](const Outcome& outcome) {
                        response->set_generation(outcome.generation);
                        *response->mutable_took() = config::FromChrono(outcome.took);
                        for (const std::string& warning : outcome.warnings) {
                          response->add_warning(warning);
                        }
                        response->set_connections_held(outcome.connections_held);
                        response->set_connections_kept(outcome.connections_kept);
                        response->set_connections_cut(outcome.connections_cut);
                        const admin::v1::Status status = operations.status();
                        for (const admin::v1::Worker& worker : status.workers()) {
                          if (worker.generation() == outcome.generation)
                            *response->add_workers() = worker;
                        }
                      });
}

}  // namespace muster::master
