#ifndef MUSTER_MASTER_ADMIN_RESPONSE_PARTS_H_
#define MUSTER_MASTER_ADMIN_RESPONSE_PARTS_H_

#include <string>

#include "muster/master/admin/admin_operations.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/duration.h"

namespace muster::master {

// What the responses of several calls have in common.

// How workers ended: in the responses of Reload, and of those below.
template <typename Response>
void TellHowWorkersEnded(const Outcome& outcome, Response* response) {
  response->set_exited(outcome.exited);
  response->set_killed(outcome.killed);
}

// How all workers ended, and what was cut off: in the responses of Pause, Quit and Stop.
template <typename Response>
void TellOfTheEnd(const Outcome& outcome, Response* response) {
  TellHowWorkersEnded(outcome, response);
  response->set_connections_closed(outcome.connections_closed);
  response->set_requests_cut(outcome.requests_cut);
}

// The generation that serves now, with its workers: in the responses of Reload and Resume. In the
// loop's thread, as AdminOperations::status.
template <typename Response>
void TellWhatServes(const Outcome& outcome, const AdminOperations& operations, Response* response) {
  response->set_generation(outcome.generation);
  *response->mutable_took() = config::FromChrono(outcome.took);
  for (const std::string& warning : outcome.warnings) response->add_warning(warning);
  const admin::v1::Status status = operations.status();
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.generation() == outcome.generation) *response->add_workers() = worker;
  }
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_RESPONSE_PARTS_H_
