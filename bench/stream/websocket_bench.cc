// Compares a WebSocket that echoes messages of 64 bytes with a plain stream that echoes as many
// bytes, on the same loop: what HTTP's upgrade, frames, masks and the check of a text cost beyond
// the connection itself. Each client sends a message, or 16 at once, and awaits their echoes.
//
// A service with each runs in turn within each round, in a thread of its own, over loopback. The
// figure is messages per second of this thread's CPU time; the ratio is the median of those of the
// rounds. The exit code is 1 if an answer is missing.

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/bench/stream/bench_worker.h"
#include "muster/bench/stream/echo_load.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/websocket/websocket_handler.h"
#include "muster/worker/websocket/wire/client_frames.h"

namespace muster::bench {
namespace {

namespace websocket = worker::websocket;

constexpr double kTarget = 0.8;
constexpr std::size_t kMessageBytes = 64;
constexpr std::size_t kServerHeaderBytes = 2;
constexpr char kHandshake[] =
    "GET /echo HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

struct Case {
  const char* name;
  bool is_text;
  int depth;
};
constexpr Case kCases[] = {
    {"text", true, 1}, {"binary", false, 1}, {"text", true, 16}, {"binary", false, 16}};

class PlainEcho : public worker::Session {
 public:
  explicit PlainEcho(worker::Stream& stream) : stream_(stream) {}
  std::size_t OnInput(absl::string_view input) override {
    stream_.Write(input);
    return input.size();
  }
  std::string Suspend() override { return ""; }

 private:
  worker::Stream& stream_;
};

class SocketEcho : public websocket::SocketSession {
 public:
  explicit SocketEcho(websocket::Socket& socket) : socket_(socket) {}
  void OnText(absl::string_view text) override { socket_.SendText(text).IgnoreError(); }
  void OnBinary(websocket::Socket& socket, absl::string_view bytes) override {
    socket.SendBinary(bytes);
  }
  std::string Suspend() override { return ""; }

 private:
  websocket::Socket& socket_;
};

class SocketEchoes : public websocket::SocketProtocol {
 public:
  std::unique_ptr<websocket::SocketSession> Begin(
      websocket::Socket& socket, const worker::http::Request& /*request*/) override {
    return std::make_unique<SocketEcho>(socket);
  }
  absl::StatusOr<std::unique_ptr<websocket::SocketSession>> Resume(websocket::Socket& socket,
                                                                   std::string) override {
    return std::make_unique<SocketEcho>(socket);
  }
};

config::v1::Config HttpConfig() {
  config::v1::Config config;
  config::v1::Location& location = *config.mutable_http()->add_location();
  location.set_path("/echo");
  location.set_handler("echo");
  config::FillDefaults(&config);
  return config;
}

// With the same bounds and timeouts of a stream.
config::v1::Config StreamConfig() {
  config::v1::Config config = HttpConfig();
  config.clear_http();
  return config;
}

std::unique_ptr<worker::Service> MakeSockets(worker::Context& context) {
  const auto make =
      [](worker::Context&) -> absl::StatusOr<std::unique_ptr<websocket::SocketProtocol>> {
    return std::make_unique<SocketEchoes>();
  };
  auto made = worker::http::MakeHttpService(context, {{"echo", websocket::ServeWebSockets(make)}});
  MUSTER_CHECK(made.ok(), std::string(made.status().message()).c_str());
  return *std::move(made);
}

std::string Message() {
  std::string message;
  while (message.size() < kMessageBytes) message += "what a client sends, ";
  message.resize(kMessageBytes);
  return message;
}

absl::StatusOr<Speed> MeasureSockets(const Case& each, double seconds) {
  const std::string frame =
      each.is_text ? websocket::Text(Message()) : websocket::Binary(Message());
  EchoLoad load = {.greeting = kHandshake, .greeting_end = "\r\n\r\n", .count = each.depth};
  for (int i = 0; i < each.depth; ++i) load.requests += frame;
  load.answer_bytes = static_cast<std::size_t>(each.depth) * (kServerHeaderBytes + kMessageBytes);
  return Measure(HttpConfig(), MakeSockets, load, seconds);
}

absl::StatusOr<Speed> MeasureStreams(const Case& each, double seconds) {
  EchoLoad load = {.count = each.depth};
  for (int i = 0; i < each.depth; ++i) load.requests += Message();
  load.answer_bytes = load.requests.size();
  return Measure(StreamConfig(), MakeStreamService<PlainEcho>, load, seconds);
}

void Print(const Case& each, const Comparison& comparison, bool is_json) {
  const Speed& ours = comparison.ours;
  const Speed& peer = comparison.peer;
  if (is_json) {
    std::printf(
        "%s\n {\"messages\": \"%s\", \"at_once\": %d, \"websocket\": %.0f, \"plain\": %.0f, "
        "\"websocket_per_second\": %.0f, \"plain_per_second\": %.0f, \"ratio\": %.3f}",
        &each == &kCases[0] ? "" : ",", each.name, each.depth, ours.per_cpu_second,
        peer.per_cpu_second, ours.per_second, peer.per_second, comparison.ratio);
  } else {
    std::printf("%-8s %9d   %9.0f k   %9.0f k   %9.0f k   %9.0f k    %.2f   >= %.2f   %s\n",
                each.name, each.depth, ours.per_cpu_second / 1000, peer.per_cpu_second / 1000,
                ours.per_second / 1000, peer.per_second / 1000, comparison.ratio, kTarget,
                comparison.ratio >= kTarget ? "met" : "MISSED");
  }
  std::fflush(stdout);
}

int Run(int rounds, double seconds, bool is_json) {
  std::printf("%s", is_json ? "["
                            : "                      WebSocket         plain     WebSocket"
                              "         plain\nmessages   at once      /CPU s        /CPU s"
                              "            /s            /s   ratio   target\n");
  for (const Case& each : kCases) {
    const auto comparison = Compare([&] { return MeasureSockets(each, seconds); },
                                    [&] { return MeasureStreams(each, seconds); }, rounds);
    if (!comparison.ok()) {
      std::fprintf(stderr, "websocket_bench: %s\n",
                   std::string(comparison.status().message()).c_str());
      return 1;
    }
    Print(each, *comparison, is_json);
  }
  if (is_json) std::printf("\n]\n");
  return 0;
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) {
  CLI::App app("Compares the echo of a WebSocket with that of a plain stream.");
  app.footer("Example: tools/bench websocket --rounds 3 --seconds 0.2");
  int rounds = 9;
  double seconds = 0.5;
  bool is_json = false;
  app.add_option("--rounds", rounds)->check(CLI::Range(1, 1000));
  app.add_option("--seconds", seconds, "of each in each round")->check(CLI::Range(0.01, 60.0));
  app.add_flag("--json", is_json);
  CLI11_PARSE(app, argc, argv);
  return muster::bench::Run(rounds, seconds, is_json);
}
