#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_CHECK_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_CHECK_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace muster::worker::websocket {

// Checks that bytes which come in pieces are UTF-8 (RFC 3629): no overlong forms, no surrogates,
// nothing beyond U+10FFFF. A piece may end within a character. It fails at the first byte after
// which no continuation could be valid.
class Utf8Check {
 public:
  // False: not UTF-8, whatever follows. Then it stays so until Reset.
  bool Accept(absl::string_view bytes);
  // The bytes so far end with a whole character.
  bool is_complete() const { return state_ == State::kBetween; }
  void Reset() { state_ = State::kBetween; }

 private:
  // What may follow.
  enum class State : std::uint8_t {
    kBetween,  // a character
    kOne,      // one continuation byte, 80..BF
    kTwo,
    kThree,
    kAfterE0,  // A0..BF, and one
    kAfterED,  // 80..9F, and one
    kAfterF0,  // 90..BF, and two
    kAfterF4,  // 80..8F, and two
    kBroken,
  };

  static State Begin(std::uint8_t byte);
  static State Continue(State state, std::uint8_t byte);

  State state_ = State::kBetween;
};

// Whether all of it is UTF-8.
bool IsUtf8(absl::string_view bytes);

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_UTF8_CHECK_H_
