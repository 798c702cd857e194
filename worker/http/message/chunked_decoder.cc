#include "muster/worker/http/message/chunked_decoder.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"

namespace muster::worker::http {
namespace {

bool IsLineText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= ' ' && byte != 0x7f) || c == '\t';
}

}  // namespace

ChunkedDecoder::Outcome ChunkedDecoder::Read(absl::string_view& bytes, std::uint64_t max_bytes,
                                             std::string* content) {
  while (!bytes.empty() && state_ != State::kComplete && state_ != State::kMalformed) {
    if (state_ == State::kContent) {
      const std::uint64_t skipped = std::min<std::uint64_t>(chunk_bytes_, bytes.size());
      if (content != nullptr && body_bytes_ <= max_bytes) {
        content->append(bytes.data(), static_cast<std::size_t>(skipped));
      }
      bytes.remove_prefix(static_cast<std::size_t>(skipped));
      chunk_bytes_ -= skipped;
      if (chunk_bytes_ == 0) state_ = State::kContentCr;
    } else {
      state_ = Next(bytes.front());
      bytes.remove_prefix(1);
    }
  }
  if (state_ == State::kMalformed) return Outcome::kMalformed;
  return state_ == State::kComplete ? Outcome::kComplete : Outcome::kIncomplete;
}

ChunkedDecoder::State ChunkedDecoder::Next(char c) {
  switch (state_) {
    case State::kSizeStart:
      line_bytes_ = 0;
      return AddDigit(c);
    case State::kSize:
      if (c == '\r') return State::kSizeLf;
      if (c == ';') return State::kExtension;
      return AddDigit(c);
    case State::kExtension:
      if (c == '\r') return State::kSizeLf;
      if (!IsLineText(c) || ++line_bytes_ > kMaxLineBytes) return State::kMalformed;
      return State::kExtension;
    case State::kSizeLf:
      return c == '\n' ? EndSize() : State::kMalformed;
    case State::kContentCr:
      return c == '\r' ? State::kContentLf : State::kMalformed;
    case State::kContentLf:
      return c == '\n' ? State::kSizeStart : State::kMalformed;
    case State::kTrailerStart:
      if (c == '\r') return State::kLastLf;
      if (c == ' ' || c == '\t') return State::kMalformed;  // a folded line
      [[fallthrough]];
    case State::kTrailer:
      if (c == '\r') return State::kTrailerLf;
      if (!IsLineText(c) || ++line_bytes_ > kMaxTrailerBytes) return State::kMalformed;
      return State::kTrailer;
    case State::kTrailerLf:
      return c == '\n' ? State::kTrailerStart : State::kMalformed;
    case State::kLastLf:
      return c == '\n' ? State::kComplete : State::kMalformed;
    case State::kContent:
    case State::kComplete:
    case State::kMalformed:
      break;
  }
  return State::kMalformed;
}

ChunkedDecoder::State ChunkedDecoder::AddDigit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (!absl::ascii_isxdigit(byte) || ++line_bytes_ > kMaxLineBytes) return State::kMalformed;
  if (chunk_bytes_ >> 60 != 0) return State::kMalformed;
  const int digit = absl::ascii_isdigit(byte) ? c - '0' : absl::ascii_tolower(byte) - 'a' + 10;
  chunk_bytes_ = chunk_bytes_ << 4 | static_cast<std::uint64_t>(digit);
  return State::kSize;
}

ChunkedDecoder::State ChunkedDecoder::EndSize() {
  if (chunk_bytes_ == 0) {
    line_bytes_ = 0;
    return State::kTrailerStart;
  }
  if (chunk_bytes_ > std::numeric_limits<std::uint64_t>::max() - body_bytes_) {
    return State::kMalformed;
  }
  body_bytes_ += chunk_bytes_;
  return State::kContent;
}

}  // namespace muster::worker::http
