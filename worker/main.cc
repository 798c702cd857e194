#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv, muster::worker::http::HttpProgram());
}
