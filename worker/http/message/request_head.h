#ifndef MUSTER_WORKER_HTTP_MESSAGE_REQUEST_HEAD_H_
#define MUSTER_WORKER_HTTP_MESSAGE_REQUEST_HEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

enum class Method : std::uint8_t { kGet, kHead, kConnect, kOptions, kOther };

// The fields that this service reads.
enum class FieldName : std::uint8_t {
  kHost,
  kContentLength,
  kTransferEncoding,
  kExpect,
  kAcceptEncoding,
  kRange,
  kIfRange,
  kIfMatch,
  kIfNoneMatch,
  kIfModifiedSince,
  kIfUnmodifiedSince,
  kReferer,
  kUserAgent,
  kForwardedFor,
  kCount,
};

// None: a field that this service does not read. Case does not matter.
std::optional<FieldName> KnownField(absl::string_view name);

// The request line and the fields of one request, as places in the bytes that it was parsed
// from. It owns nothing; whoever moves the bytes says so by Rebase.
class RequestHead {
 public:
  // A run of bytes, counted from the request's first.
  struct Span {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
  };

  void Rebase(const char* bytes) { bytes_ = bytes; }
  // Becomes as it was made.
  void Clear();
  // Copies what it refers to into `storage`, and refers to that from now on.
  void MoveTo(std::string& storage);

  absl::string_view line() const { return At(line_); }  // without its CRLF
  // What is before the target, without the space between.
  absl::string_view method_text() const { return At({line_.offset, target_.offset - 1}); }
  absl::string_view target() const { return At(target_); }
  // All fields and the empty line behind them.
  absl::string_view fields() const { return At(all_fields_); }
  Method method() const { return method_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  // What the client asks for, by its version and its Connection field.
  bool keep_alive() const { return keep_alive_; }

  // The value, without white space around it. Of a field that came several times the first one;
  // those of which there may be just one do not come several times, and lists have GetList.
  std::optional<absl::string_view> Get(FieldName name) const {
    if (!Has(name)) return std::nullopt;
    return At(fields_[static_cast<std::size_t>(name)]);
  }
  // The whole of a list, which may stand in several fields of one name (RFC 9110, 5.3): they are
  // joined in `storage` then.
  std::optional<absl::string_view> GetList(FieldName name, std::string& storage) const;
  bool Has(FieldName name) const { return (present_ & Bit(name)) != 0; }

  // Whether it has a field by which less than the whole content may be the answer.
  bool is_conditional_or_partial() const {
    return (present_ &
            (Bit(FieldName::kRange) | Bit(FieldName::kIfMatch) | Bit(FieldName::kIfNoneMatch) |
             Bit(FieldName::kIfModifiedSince) | Bit(FieldName::kIfUnmodifiedSince))) != 0;
  }

  bool has_body() const { return is_chunked_ || content_length_ > 0; }
  bool is_chunked() const { return is_chunked_; }
  std::uint64_t content_length() const { return content_length_; }  // if not chunked
  // It has "Expect: 100-continue", and may be sent such a response.
  bool expects_continue() const { return expects_continue_; }

 private:
  friend class RequestParser;

  static constexpr std::uint32_t Bit(FieldName name) { return 1u << static_cast<unsigned>(name); }
  absl::string_view At(Span span) const { return {bytes_ + span.offset, span.bytes}; }
  void Set(FieldName name, Span value) {
    present_ |= Bit(name);
    fields_[static_cast<std::size_t>(name)] = value;
  }

  const char* bytes_ = nullptr;
  std::array<Span, static_cast<std::size_t>(FieldName::kCount)> fields_;
  std::uint32_t present_ = 0;   // a bit for each of fields_
  std::uint32_t repeated_ = 0;  // of these: came more than once
  Span line_;
  Span target_;
  Span all_fields_;
  std::uint64_t content_length_ = 0;
  Method method_ = Method::kOther;
  bool is_http_1_0_ = false;
  bool keep_alive_ = false;
  bool is_chunked_ = false;
  bool expects_continue_ = false;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_REQUEST_HEAD_H_
