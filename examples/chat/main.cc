#include "muster/examples/chat/chat.h"
#include "muster/examples/chat/chat.pb.h"
#include "muster/worker/runtime/run_worker.h"

// [chat main]
int main(int argc, char** argv) {
  return muster::worker::RunWorker(
      argc, argv,
      {.make_service = muster::examples::MakeChat,
       .config_types = {muster::examples::chat::v1::Chat::descriptor()},
       .sandbox = muster::worker::NeedsNothing});
}
// [end]
