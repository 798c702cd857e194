#include "muster/master/admin/pause_methods.h"

#include "muster/proto/duration.h"

namespace muster::master {

grpc::ServerUnaryReactor* AnswerPause(AdminCalls& calls, const AdminOperations& operations,
                                      grpc::CallbackServerContext* context,
                                      admin::v1::PauseResponse* response) {
  return calls.Change(context, "pause", operations.pause, [response](const Outcome& outcome) {
    response->set_exited(outcome.exited);
    response->set_killed(outcome.killed);
    response->set_connections_closed(outcome.connections_closed);
  });
}

grpc::ServerUnaryReactor* AnswerResume(AdminCalls& calls, const AdminOperations& operations,
                                       grpc::CallbackServerContext* context,
                                       admin::v1::ResumeResponse* response) {
  return calls.Change(context, "resume", operations.resume,
                      [&operations, response](const Outcome& outcome) {
                        response->set_generation(outcome.generation);
                        *response->mutable_took() = config::FromChrono(outcome.took);
                        for (const std::string& warning : outcome.warnings)
                          response->add_warning(warning);
                        const admin::v1::Status status = operations.status();
                        for (const admin::v1::Worker& worker : status.workers()) {
                          if (worker.generation() == outcome.generation)
                            *response->add_workers() = worker;
                        }
                      });
}

}  // namespace muster::master
