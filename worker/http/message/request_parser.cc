#include "muster/worker/http/message/request_parser.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "muster/worker/http/message/authority.h"
#include "muster/worker/http/message/character_set.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

const char* FindByte(const char* begin, const char* end, char byte) {
  return static_cast<const char*>(std::memchr(begin, byte, static_cast<std::size_t>(end - begin)));
}

// Whether each line ends in CRLF, has no CR or LF of its own and, but for the first, does not
// begin with white space, as a folded one would.
bool HasStrictLines(absl::string_view head) {
  const char* line = head.data();
  const char* const end = line + head.size();
  while (line < end) {
    const char* cr = FindByte(line, end, '\r');
    if (cr == nullptr || cr + 1 == end || cr[1] != '\n') return false;
    if (FindByte(line, cr, '\n') != nullptr) return false;
    if (*line == ' ' || *line == '\t') return false;
    line = cr + 2;
  }
  return true;
}

// " HTTP/1.1" and the like. Nothing else may follow a target.
constexpr std::size_t kVersionBytes = 9;
bool IsVersion(absl::string_view text) {
  return text.size() == kVersionBytes && absl::StartsWith(text, " HTTP/") && IsDigit(text[6]) &&
         text[7] == '.' && IsDigit(text[8]);
}

Method MethodOf(std::uint8_t method) {
  switch (method) {
    case HTTP_GET:
      return Method::kGet;
    case HTTP_HEAD:
      return Method::kHead;
    case HTTP_CONNECT:
      return Method::kConnect;
    case HTTP_OPTIONS:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

}  // namespace

// What llhttp calls. A span that goes over the end of the bytes comes in pieces, of which
// each begins where the one before ended.
struct RequestParser::Callbacks {
  static RequestParser& Of(llhttp_t* parser) { return *static_cast<RequestParser*>(parser->data); }

  static void Extend(RequestHead::Span& span, const RequestParser& parser, const char* at,
                     std::size_t bytes) {
    const auto offset = static_cast<std::uint32_t>(at - parser.head_.bytes_);
    if (span.bytes == 0) span.offset = offset;
    span.bytes = offset + static_cast<std::uint32_t>(bytes) - span.offset;
  }

  static int OnUrl(llhttp_t* llhttp, const char* at, std::size_t bytes) {
    Extend(Of(llhttp).head_.target_, Of(llhttp), at, bytes);
    return 0;
  }
  static int OnHeaderField(llhttp_t* llhttp, const char* at, std::size_t bytes) {
    RequestParser& parser = Of(llhttp);
    if (parser.is_name_complete_) parser.FinishField();
    Extend(parser.name_, parser, at, bytes);
    return parser.status_ == 0 ? 0 : -1;
  }
  static int OnHeaderFieldComplete(llhttp_t* llhttp) {
    Of(llhttp).is_name_complete_ = true;
    return 0;
  }
  static int OnHeaderValue(llhttp_t* llhttp, const char* at, std::size_t bytes) {
    Extend(Of(llhttp).value_, Of(llhttp), at, bytes);
    return 0;
  }
  static int OnHeadersComplete(llhttp_t* llhttp) {
    RequestParser& parser = Of(llhttp);
    if (parser.is_name_complete_) parser.FinishField();
    return HPE_PAUSED;
  }

  static const llhttp_settings_t* Settings() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_url = OnUrl;
      s.on_header_field = OnHeaderField;
      s.on_header_field_complete = OnHeaderFieldComplete;
      s.on_header_value = OnHeaderValue;
      s.on_headers_complete = OnHeadersComplete;
      return s;
    }();
    return &settings;
  }
};

void RequestParser::Reset() {
  llhttp_init(&llhttp_, HTTP_REQUEST, Callbacks::Settings());
  llhttp_.lenient_flags |= LENIENT_VERSION;  // CheckLine decides
  head_.Clear();
  name_ = value_ = RequestHead::Span();
  parsed_bytes_ = line_bytes_ = 0;
  status_ = 0;
  is_name_complete_ = false;
}

RequestParser::Outcome RequestParser::Parse(absl::string_view bytes, const Limits& limits) {
  // llhttp would pass over line ends, which belong to no request.
  if (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) {
    return bytes == "\r" ? Outcome::kIncomplete : Refuse(kBadRequest);
  }
  head_.Rebase(bytes.data());
  llhttp_.data = this;  // a copy has another address
  const absl::string_view fresh = bytes.substr(parsed_bytes_);
  const llhttp_errno_t error = llhttp_execute(&llhttp_, fresh.data(), fresh.size());
  if (error == HPE_OK) {
    parsed_bytes_ = bytes.size();
    const bool had_line = line_bytes_ != 0;
    if (!IsWithinLimits(bytes, limits)) return Outcome::kRefused;
    if (had_line || line_bytes_ == 0) return Outcome::kIncomplete;
    // A client of another version may send nothing behind its line.
    if (!HasStrictLines(bytes.substr(0, line_bytes_))) return Refuse(kBadRequest);
    return CheckLine() ? Outcome::kIncomplete : Outcome::kRefused;
  }
  parsed_bytes_ = static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data());
  if (error != HPE_PAUSED) {
    // With the offending byte, and nothing behind it, which may not be here yet.
    const absl::string_view seen = bytes.substr(0, parsed_bytes_ + 1);
    if (!IsWithinLimits(seen, limits)) return Outcome::kRefused;
    return Refuse(status_ != 0 ? status_ : RefusalOf(error, seen));
  }
  const absl::string_view head = bytes.substr(0, parsed_bytes_);
  if (!IsWithinLimits(head, limits)) return Outcome::kRefused;
  if (status_ == 0 && (!HasStrictLines(head) || !absl::EndsWith(head, "\r\n\r\n"))) {
    return Refuse(kBadRequest);
  }
  if (status_ != 0 || !CheckLine() || !CheckFraming() || !CheckFields()) return Outcome::kRefused;
  return Outcome::kComplete;
}

RequestParser::Outcome RequestParser::Refuse(int status) {
  status_ = status;
  return Outcome::kRefused;
}

// What llhttp refused by itself, at the last of the bytes that were `seen`.
int RequestParser::RefusalOf(llhttp_errno_t error, absl::string_view seen) {
  if (error == HPE_INVALID_METHOD) {
    return kTokenText.HasAll(seen) ? kNotImplemented : kBadRequest;
  }
  if (error == HPE_PAUSED_H2_UPGRADE) return kVersionNotSupported;
  return kBadRequest;
}

bool RequestParser::IsWithinLimits(absl::string_view bytes, const Limits& limits) {
  if (line_bytes_ == 0) {
    const char* const end = FindByte(bytes.data(), bytes.data() + bytes.size(), '\n');
    const std::size_t line_bytes =
        end == nullptr ? bytes.size() : static_cast<std::size_t>(end + 1 - bytes.data());
    if (line_bytes > limits.max_request_line_bytes + 2) {
      Refuse(kUriTooLong);
      return false;
    }
    if (end == nullptr) return true;
    line_bytes_ = line_bytes;
  }
  if (bytes.size() - line_bytes_ > limits.max_header_bytes) {
    Refuse(kRequestHeaderFieldsTooLarge);
    return false;
  }
  return true;
}

void RequestParser::FinishField() {
  const absl::string_view name = head_.At(name_);
  absl::string_view value = absl::StripTrailingAsciiWhitespace(head_.At(value_));
  const RequestHead::Span span = {value_.offset, static_cast<std::uint32_t>(value.size())};
  name_ = value_ = RequestHead::Span();
  is_name_complete_ = false;
  if (name.empty() || !kTokenText.HasAll(name)) {
    status_ = kBadRequest;
    return;
  }
  const std::optional<FieldName> known = KnownField(name);
  if (!known.has_value()) return;
  if (!head_.Has(*known)) {
    head_.Set(*known, span);
  } else if (*known == FieldName::kHost || *known == FieldName::kContentLength ||
             *known == FieldName::kTransferEncoding) {
    status_ = kBadRequest;
  } else {
    head_.repeated_ |= RequestHead::Bit(*known);
  }
}

bool RequestParser::CheckLine() {
  const auto line_bytes = static_cast<std::uint32_t>(line_bytes_);
  head_.all_fields_ = {line_bytes, static_cast<std::uint32_t>(parsed_bytes_) - line_bytes};
  // The first line's end is no part of it.
  head_.line_ = {0, static_cast<std::uint32_t>(line_bytes_ - 2)};
  const absl::string_view line = head_.line();
  const RequestHead::Span target = head_.target_;
  if (target.bytes == 0 || target.offset < 2 || line[target.offset - 1] != ' ' ||
      !kTokenText.HasAll(head_.method_text()) ||
      !IsVersion(line.substr(target.offset + target.bytes))) {
    status_ = kBadRequest;
    return false;
  }
  const absl::string_view version = line.substr(line.size() - 3);
  if (version.front() != '1') {
    status_ = kVersionNotSupported;
    return false;
  }
  head_.is_http_1_0_ = version == "1.0";
  head_.method_ = MethodOf(llhttp_get_method(&llhttp_));
  const bool has_close = (llhttp_.flags & F_CONNECTION_CLOSE) != 0;
  const bool has_keep_alive = (llhttp_.flags & F_CONNECTION_KEEP_ALIVE) != 0;
  head_.keep_alive_ = !has_close && (!head_.is_http_1_0_ || has_keep_alive);
  return true;
}

// RFC 9112, 6.3. Where two readers might see different ends, there is no answer but 400.
bool RequestParser::CheckFraming() {
  const auto coding = head_.Get(FieldName::kTransferEncoding);
  const auto length = head_.Get(FieldName::kContentLength);
  if (coding.has_value()) {
    status_ = kBadRequest;
    if (length.has_value() || head_.is_http_1_0_) return false;
    if (!absl::EqualsIgnoreCase(*coding, "chunked")) {
      // Its end is known, if chunked comes last, but not how to decode it.
      const absl::string_view last =
          absl::StripLeadingAsciiWhitespace(coding->substr(coding->rfind(',') + 1));
      if (absl::EqualsIgnoreCase(last, "chunked")) status_ = kNotImplemented;
      return false;
    }
    status_ = 0;
    head_.is_chunked_ = true;
  } else if (length.has_value()) {
    // SimpleAtoi would accept a sign.
    if (length->empty() || !std::all_of(length->begin(), length->end(), IsDigit) ||
        !absl::SimpleAtoi(*length, &head_.content_length_)) {
      status_ = kBadRequest;
      return false;
    }
  }
  return true;
}

bool RequestParser::CheckFields() {
  const auto host = head_.Get(FieldName::kHost);
  if (host.has_value() ? !IsAuthority(*host) : !head_.is_http_1_0_) {
    status_ = kBadRequest;
    return false;
  }
  const auto expect = head_.Get(FieldName::kExpect);
  if (expect.has_value() && !head_.is_http_1_0_) {
    if (!absl::EqualsIgnoreCase(*expect, "100-continue")) {
      status_ = kExpectationFailed;
      return false;
    }
    head_.expects_continue_ = true;
  }
  return true;
}

void SkipEmptyLines(absl::string_view& bytes) {
  while (absl::ConsumePrefix(&bytes, "\r\n")) {
  }
}

}  // namespace muster::worker::http
