#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_MESSAGE_DEFLATE_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_MESSAGE_DEFLATE_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct z_stream_s;

namespace muster::worker::websocket {

// Compresses and decompresses the messages of permessage-deflate (RFC 7692), each by itself:
// without context takeover nothing is kept from one message to the next. So one object serves all
// connections of a thread, and a connection that moves to another process has no window to lose.
class MessageDeflate {
 public:
  // `level`: 1 (fast) to 9 (small). ResourceExhausted: there is no memory for the windows.
  static absl::StatusOr<std::unique_ptr<MessageDeflate>> Create(int level);
  ~MessageDeflate();
  MessageDeflate(const MessageDeflate&) = delete;
  MessageDeflate& operator=(const MessageDeflate&) = delete;

  // Appends the compressed message, whose window has 2^`window_bits` bytes: 8 to 15. False: `out`
  // is as it was, since that would not be shorter, or cannot be done (with 8 zlib cannot). Then the
  // message is sent as it is.
  bool Compress(absl::string_view message, int window_bits, std::string& out);

  enum class Outcome {
    kWhole,
    kCorrupt,  // not what a compressor makes, or cut off
    kTooLong,  // it would have more than `most_bytes`
  };
  // Appends the message that `compressed` stands for. It never makes more than `most_bytes`,
  // however little `compressed` is. After another outcome than kWhole, `out` has a part.
  Outcome Decompress(absl::string_view compressed, std::size_t most_bytes, std::string& out);

 private:
  struct EndInflate {
    void operator()(z_stream_s* stream) const;
  };
  struct EndDeflate {
    void operator()(z_stream_s* stream) const;
  };

  explicit MessageDeflate(int level) : level_(level) {}
  // As Decompress, but `out` has more behind the `written` bytes.
  Outcome Inflate(absl::string_view compressed, std::size_t most_bytes, std::string& out,
                  std::size_t& written);
  // Null: zlib cannot, or there is no memory.
  z_stream_s* DeflaterOf(int window_bits);

  const int level_;
  std::unique_ptr<z_stream_s, EndInflate> inflater_;
  // By window bits; made when first used.
  std::array<std::unique_ptr<z_stream_s, EndDeflate>, 16> deflaters_;
};

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_MESSAGE_DEFLATE_H_
