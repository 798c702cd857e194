#include "muster/examples/events/events.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

int main(int argc, char** argv) {
  muster::worker::Program program =
      muster::worker::http::HttpProgram({{"events", muster::examples::MakeEvents}});
  program.sandbox = muster::worker::NeedsNothing;
  return muster::worker::RunWorker(argc, argv, program);
}
