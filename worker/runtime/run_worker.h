#ifndef MUSTER_WORKER_RUNTIME_RUN_WORKER_H_
#define MUSTER_WORKER_RUNTIME_RUN_WORKER_H_

#include "muster/worker/runtime/program.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker {

// The whole of a worker program: takes from the master what it hands over, makes the service,
// serves, and returns the exit code (worker/protocol/exit_code.h, docs/PROTOCOL.md). To be called
// by main, before it starts a thread; `argv` is not to be used afterwards.
//
//   int main(int argc, char** argv) {
//     return muster::worker::RunWorker(
//         argc, argv, {.make_service = MakeChat, .config_types = {Chat::descriptor()}});
//   }
int RunWorker(int argc, char** argv, const Program& program);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_RUN_WORKER_H_
