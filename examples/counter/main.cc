#include "muster/examples/counter/counter_handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

// [counter main]
int main(int argc, char** argv) {
  muster::worker::Program program =
      muster::worker::http::HttpProgram({{"counter", muster::examples::MakeCounterHandler}});
  program.sandbox = muster::worker::NeedsNothing;
  return muster::worker::RunWorker(argc, argv, program);
}
// [end]
