#include "muster/examples/whoami/whoami_handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

namespace http = muster::worker::http;

int main(int argc, char** argv) {
  return muster::worker::RunWorker(
      argc, argv, http::HttpProgram({{"whoami", http::AnswerWith(muster::examples::Whoami)}}));
}
