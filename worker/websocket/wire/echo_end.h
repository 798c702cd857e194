#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_ECHO_END_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_ECHO_END_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {

// A server, for tests, that sends each message back. Its client's bytes come in pieces, and it may
// be suspended and resumed before each of them.
class EchoEnd {
 public:
  // `share` outlives it.
  explicit EchoEnd(const ServerEnd::Share& share, DeflateTerms terms = {})
      : share_(share), end_(share, terms) {}

  void Receive(absl::string_view input) {
    while (true) {
      const ServerEnd::Event event = end_.Next(input, output_);
      switch (event) {
        case ServerEnd::Event::kNone:
          MUSTER_CHECK(input.empty(), "all input is taken");
          return;
        case ServerEnd::Event::kText:
          MUSTER_CHECK(end_.SendText(end_.payload(), output_).ok(), "a text is UTF-8");
          break;
        case ServerEnd::Event::kBinary:
          end_.SendBinary(end_.payload(), output_);
          break;
        case ServerEnd::Event::kPing:
        case ServerEnd::Event::kPong:
          break;
        case ServerEnd::Event::kClosed:
        case ServerEnd::Event::kFailed:
          MUSTER_CHECK(end_.is_over(), "it is over");
          has_failed_ = event == ServerEnd::Event::kFailed;
          break;
      }
    }
  }
  // In pieces of `size`; `moves`: to another process before each.
  void ReceiveInPieces(absl::string_view input, std::size_t size, bool moves) {
    while (!input.empty()) {
      if (moves) Move();
      Receive(input.substr(0, size));
      input.remove_prefix(std::min(size, input.size()));
    }
  }
  void Move() {
    if (end_.is_over()) return;
    auto resumed = ServerEnd::Resume(share_, end_.Suspend());
    MUSTER_CHECK(resumed.ok(), "what was suspended is resumed");
    end_ = *std::move(resumed);
  }

  // What it has sent.
  std::vector<std::string> Frames() const {
    std::vector<std::string> frames;
    absl::string_view rest = output_;
    while (const auto frame = TakeServerFrame(rest)) frames.push_back(Describe(*frame));
    MUSTER_CHECK(rest.empty(), "a server sends whole frames");
    return frames;
  }
  const std::string& output() const { return output_; }
  bool has_failed() const { return has_failed_; }
  ServerEnd& end() { return end_; }

 private:
  const ServerEnd::Share& share_;
  ServerEnd end_;
  std::string output_;
  bool has_failed_ = false;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_ECHO_END_H_
