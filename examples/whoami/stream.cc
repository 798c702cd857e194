#include "muster/examples/whoami/whoami_session.h"
#include "muster/worker/runtime/run_worker.h"

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv, {.make_service = muster::examples::MakeWhoami});
}
