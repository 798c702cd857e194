#include "muster/worker/websocket/wire/utf8_check.h"

#include <cstddef>
#include <cstring>

namespace muster::worker::websocket {

Utf8Check::State Utf8Check::Begin(std::uint8_t byte) {
  if (byte < 0x80) return State::kBetween;
  if (byte < 0xC2) return State::kBroken;  // a continuation, or the start of an overlong form
  if (byte < 0xE0) return State::kOne;
  if (byte == 0xE0) return State::kAfterE0;
  if (byte == 0xED) return State::kAfterED;
  if (byte < 0xF0) return State::kTwo;
  if (byte == 0xF0) return State::kAfterF0;
  if (byte < 0xF4) return State::kThree;
  if (byte == 0xF4) return State::kAfterF4;
  return State::kBroken;
}

Utf8Check::State Utf8Check::Continue(State state, std::uint8_t byte) {
  const auto within = [byte](std::uint8_t first, std::uint8_t last, State next) {
    return byte >= first && byte <= last ? next : State::kBroken;
  };
  switch (state) {
    case State::kBetween:
      return Begin(byte);
    case State::kOne:
      return within(0x80, 0xBF, State::kBetween);
    case State::kTwo:
      return within(0x80, 0xBF, State::kOne);
    case State::kThree:
      return within(0x80, 0xBF, State::kTwo);
    case State::kAfterE0:
      return within(0xA0, 0xBF, State::kOne);
    case State::kAfterED:
      return within(0x80, 0x9F, State::kOne);
    case State::kAfterF0:
      return within(0x90, 0xBF, State::kTwo);
    case State::kAfterF4:
      return within(0x80, 0x8F, State::kTwo);
    case State::kBroken:
      break;
  }
  return State::kBroken;
}

bool Utf8Check::Accept(absl::string_view bytes) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::kBroken) {
    // Most text is ASCII.
    std::uint64_t word;
    while (state_ == State::kBetween && bytes.size() - at >= sizeof(word)) {
      std::memcpy(&word, bytes.data() + at, sizeof(word));
      if ((word & kHighBits) != 0) break;
      at += sizeof(word);
    }
    if (at < bytes.size()) state_ = Continue(state_, static_cast<std::uint8_t>(bytes[at++]));
  }
  return state_ != State::kBroken;
}

bool IsUtf8(absl::string_view bytes) {
  Utf8Check check;
  return check.Accept(bytes) && check.is_complete();
}

}  // namespace muster::worker::websocket
