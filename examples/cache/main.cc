#include "muster/examples/cache/cache.h"
#include "muster/examples/cache/cache.pb.h"
#include "muster/worker/runtime/run_worker.h"

// [cache main]
int main(int argc, char** argv) {
  return muster::worker::RunWorker(
      argc, argv,
      {.make_service = muster::examples::MakeCache,
       .config_types = {muster::examples::cache::v1::Cache::descriptor()},
       .sandbox = muster::worker::NeedsNothing});
}
// [end]
