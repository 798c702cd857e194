#ifndef MUSTER_WORKER_RUNTIME_RUN_WORKER_H_
#define MUSTER_WORKER_RUNTIME_RUN_WORKER_H_

#include "muster/worker/runtime/program.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker {

// Runs a worker program from its start to its end. Receives the configuration and the sockets from
// the master, makes the service, serves, and returns the exit code (worker/protocol/exit_code.h,
// docs/PROTOCOL.md). Also answers --help, --version and --describe, and serves without a master
// with --standalone -c FILE. Blocks as long as the worker lives. A failed start is reported to the
// master, or on standard error where that is impossible.
//
// Call it once, from main, before any thread is started. However the process was started, it first
// opens standard input, output and error where they are closed, and sets the state of all signals
// and the file mode mask (process_env/preparation.h). It overwrites `argv` with the process title,
// so do not use `argv` afterwards.
//
//   int main(int argc, char** argv) {
//     return muster::worker::RunWorker(
//         argc, argv, {.make_service = MakeChat, .config_types = {Chat::descriptor()}});
//   }
int RunWorker(int argc, char** argv, const Program& program);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_RUN_WORKER_H_
