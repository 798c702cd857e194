#ifndef MUSTER_WORKER_HTTP_MESSAGE_CHUNKED_DECODER_H_
#define MUSTER_WORKER_HTTP_MESSAGE_CHUNKED_DECODER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Finds the end of a body in the chunked coding (RFC 9112, 7.1), byte by byte and as strict as the
// grammar: a size is digits only, each line ends in CRLF, an extension has a name and perhaps a
// value, a trailer is a header field. Extensions and trailers are passed over. Belongs to one
// thread.
class ChunkedDecoder {
 public:
  enum class Outcome { kIncomplete, kComplete, kMalformed };

  // Removes from the front of `bytes` what belongs to the body. The content of the chunks is
  // appended to `content`, unless that is null, but not beyond a chunk that makes the whole longer
  // than `max_bytes`.
  Outcome Read(absl::string_view& bytes, std::uint64_t max_bytes, std::string* content);
  Outcome Skip(absl::string_view& bytes) { return Read(bytes, 0, nullptr); }

  // Of the chunks that were announced until now.
  std::uint64_t body_bytes() const { return body_bytes_; }
  // Of the chunks, what has come until now.
  std::uint64_t received_bytes() const {
    return state_ == State::kContent ? body_bytes_ - chunk_bytes_ : body_bytes_;
  }

  // What one line of size and extension, and all the trailer fields together may have.
  static constexpr std::uint32_t kMaxLineBytes = 1024;
  static constexpr std::uint32_t kMaxTrailerBytes = 8192;

 private:
  enum class State : std::uint8_t {
    kSizeStart,
    kSize,
    kExtensionGap,    // white space after which only another extension may come
    kExtensionStart,  // after the semicolon
    kExtensionName,
    kExtensionNameGap,  // white space after the name
    kExtensionValueStart,
    kExtensionValue,
    kQuotedValue,
    kQuotedPair,
    kQuotedValueEnd,
    kSizeLf,
    kContent,
    kContentCr,
    kContentLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kComplete,
    kMalformed,
  };

  State Next(char c);
  State NextOfExtension(char c) const;
  State AddDigit(char c);
  State EndSize();

  std::uint64_t body_bytes_ = 0;
  std::uint64_t chunk_bytes_ = 0;  // of the chunk that is left
  std::uint32_t line_bytes_ = 0;   // of the line of a size, or of all trailer fields
  State state_ = State::kSizeStart;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_CHUNKED_DECODER_H_
