#include "muster/examples/echo/echo.h"
#include "muster/worker/runtime/run_worker.h"

// [echo main]
int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv, {.make_service = muster::examples::MakeEcho});
}
// [end]
