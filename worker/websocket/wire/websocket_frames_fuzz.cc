// For libFuzzer: the first byte says how the bytes behind it are meant, and how they are cut.
// Either they are what a client sends after its handshake: whatever that is, the server says the
// same if they come in other pieces, and if it moves to another process before each piece. Or they
// are the state of a WebSocket that another worker handed off: it is refused, or suspended into the
// same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/websocket/wire/echo_end.h"
#include "muster/worker/websocket/wire/message_deflate.h"
#include "muster/worker/websocket/wire/server_end.h"
#include "muster/worker/websocket/wire/websocket_reference.h"

namespace muster::worker::websocket {
namespace {

constexpr std::uint8_t kIsState = 0x80;
constexpr std::uint8_t kHasDeflate = 0x40;
constexpr std::uint8_t kPiece = 0x3F;
constexpr std::size_t kMostBytesByTheRules = 1024;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<MessageDeflate> deflate = *MessageDeflate::Create(1);
  static const ServerEnd::Share share = {
      .bounds = {.max_frame_bytes = 1024, .max_message_bytes = 4096},
      .deflate = deflate.get(),
      .least_compressed_bytes = 64};
  if (size == 0) return 0;
  const std::uint8_t how = data[0];
  const absl::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);

  if ((how & kIsState) != 0) {
    auto resumed = ServerEnd::Resume(share, input);
    if (!resumed.ok()) return 0;
    MUSTER_CHECK(resumed->Suspend() == input, "a state has one form");
    std::string out;
    absl::string_view frame("\x89\x80....", 6);
    resumed->Next(frame, out);
    return 0;
  }

  const DeflateTerms terms = {.window_bits = (how & kHasDeflate) != 0 ? 15 : 0};
  // More than that the rules are not asked for: they take stack.
  if (terms.window_bits == 0 && input.size() <= kMostBytesByTheRules) {
    ServerEnd end(share, terms);
    MUSTER_CHECK(EventsOf(end, input, input.size() + 1) ==
                     ReadFramesByTheRules(std::string(input), share.bounds.max_frame_bytes,
                                          share.bounds.max_message_bytes),
                 "frames are those of the rules");
  }
  EchoEnd whole(share, terms);
  whole.Receive(input);
  for (const std::size_t piece : {std::size_t{1}, std::max<std::size_t>(how & kPiece, 2)}) {
    for (const bool moves : {false, true}) {
      EchoEnd other(share, terms);
      other.ReceiveInPieces(input, piece, moves);
      MUSTER_CHECK(other.output() == whole.output(), "pieces and moves change nothing");
      MUSTER_CHECK(other.end().is_over() == whole.end().is_over(), "nor whether it is over");
    }
  }
  whole.Frames();
  return 0;
}

}  // namespace muster::worker::websocket
