#include "examples/counter/counter_handler.h"
#include "worker/http/http_program.h"
#include "worker/runtime.h"

// [counter main]
int main(int argc, char** argv) {
  return muster::worker::RunWorker(
      argc, argv,
      muster::worker::http::HttpProgram({{"counter", muster::examples::MakeCounterHandler}}));
}
// [end]
