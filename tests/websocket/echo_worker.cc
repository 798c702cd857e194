// A worker program for websocket_test: it sends back what WebSockets say, and how often they did.

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/websocket/websocket_handler.h"

namespace muster::tests {
namespace {

namespace websocket = worker::websocket;

class EchoSession : public websocket::SocketSession {
 public:
  EchoSession(websocket::Socket& socket, int count) : socket_(socket), count_(count) {}

  void OnText(absl::string_view text) override {
    if (text == "close me") return socket_.Close(4000, "as you wish").IgnoreError();
    socket_.SendText(absl::StrCat(++count_, " ", text)).IgnoreError();
  }
  void OnBinary(websocket::Socket& socket, absl::string_view bytes) override {
    socket.SendBinary(bytes);
  }
  std::string Suspend() override { return absl::StrCat(count_); }

 private:
  websocket::Socket& socket_;
  int count_;
};

class Echo : public websocket::SocketProtocol {
 public:
  std::unique_ptr<websocket::SocketSession> Begin(websocket::Socket& socket,
                                                  const worker::http::Request&) override {
    return std::make_unique<EchoSession>(socket, 0);
  }
  absl::StatusOr<std::unique_ptr<websocket::SocketSession>> Resume(websocket::Socket& socket,
                                                                   std::string state) override {
    int count = 0;
    if (!absl::SimpleAtoi(state, &count)) return absl::InvalidArgumentError("no count");
    return std::make_unique<EchoSession>(socket, count);
  }
};

absl::StatusOr<std::unique_ptr<websocket::SocketProtocol>> MakeEcho(worker::Context&) {
  return std::make_unique<Echo>();
}

}  // namespace
}  // namespace muster::tests

int main(int argc, char** argv) {
  namespace websocket = muster::worker::websocket;
  muster::worker::Program program = muster::worker::http::HttpProgram({
      {"echo", websocket::ServeWebSockets(muster::tests::MakeEcho)},
      {"impatient", websocket::ServeWebSockets(muster::tests::MakeEcho,
                                               {.ping_interval = std::chrono::milliseconds(100),
                                                .pong_timeout = std::chrono::milliseconds(100)})},
  });
  program.sandbox = muster::worker::NeedsNothing;
  return muster::worker::RunWorker(argc, argv, program);
}
