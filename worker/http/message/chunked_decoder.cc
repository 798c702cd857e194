#include "muster/worker/http/message/chunked_decoder.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "muster/worker/http/message/character_set.h"

namespace muster::worker::http {
namespace {

// RFC 9110, 5.6.4: qdtext.
constexpr CharacterSet kQuotedText = CharacterSet::FieldTextBut("\"\\");

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

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
      if (c == ';') return State::kExtensionStart;
      if (IsSpace(c)) return State::kExtensionGap;
      return AddDigit(c);
    case State::kExtensionGap:
    case State::kExtensionStart:
    case State::kExtensionName:
    case State::kExtensionNameGap:
    case State::kExtensionValueStart:
    case State::kExtensionValue:
    case State::kQuotedValue:
    case State::kQuotedPair:
    case State::kQuotedValueEnd:
      if (++line_bytes_ > kMaxLineBytes) return State::kMalformed;
      return NextOfExtension(c);
    case State::kSizeLf:
      return c == '\n' ? EndSize() : State::kMalformed;
    case State::kContentCr:
      return c == '\r' ? State::kContentLf : State::kMalformed;
    case State::kContentLf:
      return c == '\n' ? State::kSizeStart : State::kMalformed;
    case State::kTrailerStart:
      if (c == '\r') return State::kLastLf;
      // A folded line does not begin with a token's character.
      if (!kTokenText.Has(c) || ++line_bytes_ > kMaxTrailerBytes) return State::kMalformed;
      return State::kTrailerName;
    case State::kTrailerName:
      if (++line_bytes_ > kMaxTrailerBytes) return State::kMalformed;
      if (c == ':') return State::kTrailerValue;
      return kTokenText.Has(c) ? State::kTrailerName : State::kMalformed;
    case State::kTrailerValue:
      if (c == '\r') return State::kTrailerLf;
      if (!kFieldText.Has(c) || ++line_bytes_ > kMaxTrailerBytes) return State::kMalformed;
      return State::kTrailerValue;
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

// RFC 9112, 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). No sender may
// write BWS, but a recipient has to pass over it.
ChunkedDecoder::State ChunkedDecoder::NextOfExtension(char c) const {
  switch (state_) {
    case State::kExtensionGap:
      if (c == ';') return State::kExtensionStart;
      return IsSpace(c) ? State::kExtensionGap : State::kMalformed;
    case State::kExtensionStart:
      if (IsSpace(c)) return State::kExtensionStart;
      return kTokenText.Has(c) ? State::kExtensionName : State::kMalformed;
    case State::kExtensionName:
      if (kTokenText.Has(c)) return State::kExtensionName;
      if (c == '\r') return State::kSizeLf;
      [[fallthrough]];
    case State::kExtensionNameGap:
      if (c == '=') return State::kExtensionValueStart;
      if (c == ';') return State::kExtensionStart;
      return IsSpace(c) ? State::kExtensionNameGap : State::kMalformed;
    case State::kExtensionValueStart:
      if (IsSpace(c)) return State::kExtensionValueStart;
      if (c == '"') return State::kQuotedValue;
      return kTokenText.Has(c) ? State::kExtensionValue : State::kMalformed;
    case State::kQuotedValue:
      if (c == '"') return State::kQuotedValueEnd;
      if (c == '\\') return State::kQuotedPair;
      return kQuotedText.Has(c) ? State::kQuotedValue : State::kMalformed;
    case State::kQuotedPair:
      return kFieldText.Has(c) ? State::kQuotedValue : State::kMalformed;
    case State::kExtensionValue:
      if (kTokenText.Has(c)) return State::kExtensionValue;
      [[fallthrough]];
    case State::kQuotedValueEnd:
      if (c == '\r') return State::kSizeLf;
      if (c == ';') return State::kExtensionStart;
      return IsSpace(c) ? State::kExtensionGap : State::kMalformed;
    default:
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
