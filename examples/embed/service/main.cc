#include "muster/worker/runtime/run_worker.h"
#include "service/tally.h"

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv, {.make_service = embed::MakeTally});
}
