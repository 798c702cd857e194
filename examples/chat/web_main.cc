#include "muster/examples/chat/chat.pb.h"
#include "muster/examples/chat/web_chat.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/websocket/websocket_handler.h"

// [web chat main]
int main(int argc, char** argv) {
  muster::worker::Program program = muster::worker::http::HttpProgram(
      {{"chat", muster::worker::websocket::ServeWebSockets(muster::examples::MakeWebChat)}},
      {muster::examples::chat::v1::Chat::descriptor()});
  program.sandbox = muster::worker::NeedsNothing;
  return muster::worker::RunWorker(argc, argv, program);
}
// [end]
