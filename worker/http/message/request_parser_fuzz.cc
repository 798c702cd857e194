// For libFuzzer: the bytes are what one client sends. However they are cut into reads, the parser
// has to see the same requests, and to accept nothing that RFC 9112 does not.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/log_format.h"
#include "muster/worker/http/log/log_line.h"
#include "muster/worker/http/message/byte_range.h"
#include "muster/worker/http/message/chunked_decoder.h"
#include "muster/worker/http/message/conditional.h"
#include "muster/worker/http/message/content_coding.h"
#include "muster/worker/http/message/grammar_reference.h"
#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/message/request_target.h"

namespace muster::worker::http {
namespace {

constexpr RequestParser::Limits kLimits = {.max_request_line_bytes = 512, .max_header_bytes = 2048};
constexpr std::uint64_t kMaxBodyBytes = 4096;
// More than this the rules are not asked for: they take stack.
constexpr std::size_t kMostBytesByTheRules = 1024;

void CheckHead(const RequestHead& head, absl::string_view bytes) {
  MUSTER_CHECK(absl::EndsWith(bytes, "\r\n\r\n"), "a head ends in an empty line");
  MUSTER_CHECK(bytes.find("\n ") == absl::string_view::npos, "no line is folded");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    MUSTER_CHECK(bytes[i] != '\0', "no NUL");
    MUSTER_CHECK(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'), "no bare LF");
    MUSTER_CHECK(bytes[i] != '\r' || bytes[i + 1] == '\n', "no bare CR");
  }
  MUSTER_CHECK(!head.Has(FieldName::kContentLength) || !head.Has(FieldName::kTransferEncoding),
               "one framing only");
  MUSTER_CHECK(head.is_http_1_0() || head.Has(FieldName::kHost), "a host");
  const bool is_short = bytes.size() <= kMostBytesByTheRules;
  const auto host = head.Get(FieldName::kHost);
  MUSTER_CHECK(!is_short || !host.has_value() || IsAuthorityByTheRules(std::string(*host)),
               "a host is one by the rules");
  RequestTarget target;
  const bool is_target = target.Parse(head.target());
  MUSTER_CHECK(
      !is_short || is_target == ReadTargetByTheRules(std::string(head.target())).has_value(),
      "a target is one by the rules");
  if (!is_target) return;
  MUSTER_CHECK(!is_short || IsHeadByTheRules(std::string(bytes)), "a head is one by the rules");
  if (target.path() == "*") return;
  MUSTER_CHECK(absl::StartsWith(target.path(), "/"), "a path begins with a slash");
  const std::string path = std::string(target.path()) + "/";
  MUSTER_CHECK(!absl::StrContains(path, "/../") && !absl::StrContains(path, "/./"),
               "dot segments are resolved");
}

// Of a chunked body: `bytes` are all that come of it and behind it.
void CheckChunks(const std::string& bytes) {
  if (bytes.size() > kMostBytesByTheRules) return;
  ChunkedDecoder decoder;
  absl::string_view rest = bytes;
  const bool is_whole = decoder.Skip(rest) == ChunkedDecoder::Outcome::kComplete;
  const std::optional<ChunkedBody> expected = ReadChunkedByTheRules(bytes);
  MUSTER_CHECK(is_whole == expected.has_value(), "chunks are those of the rules");
  if (!is_whole) return;
  MUSTER_CHECK(bytes.size() - rest.size() == expected->bytes, "and end where they do");
}

// What is read from fields, and what the log makes of them.
void CheckValues(const RequestHead& head) {
  std::string list;
  const AcceptEncoding accepts(head.GetList(FieldName::kAcceptEncoding, list));
  for (std::size_t i = 0; i < kContentCodings; ++i) {
    const int weight = accepts.WeightOf(static_cast<ContentCoding>(i));
    MUSTER_CHECK(weight >= 0 && weight <= 1000, "a weight is from 0 to 1");
  }
  constexpr std::uint64_t kSizeBytes = 1000;
  const auto range = head.Get(FieldName::kRange);
  if (range.has_value()) {
    for (const ByteRange& part : ParseRange(*range, kSizeBytes).ranges) {
      MUSTER_CHECK(part.bytes > 0 && part.bytes <= kSizeBytes - part.first, "a range is within");
    }
  }
  const Preconditions preconditions = {
      .if_match = head.Get(FieldName::kIfMatch),
      .if_unmodified_since = head.Get(FieldName::kIfUnmodifiedSince),
      .if_none_match = head.Get(FieldName::kIfNoneMatch),
      .if_modified_since = head.Get(FieldName::kIfModifiedSince)};
  (void)Evaluate(preconditions, {.entity_tag = "\"a-b\"", .modified_seconds = 1});

  static const config::LogFormat format = *config::ParseLogFormat("json", /*is_json=*/true);
  std::string line;
  AppendLogLine(
      line, format,
      {.peer = {}, .date = {}, .request_line = head.line(), .head = &head, .status = 200});
  for (std::size_t i = 0; i < line.size(); ++i) {
    MUSTER_CHECK(i + 1 == line.size() ? line[i] == '\n' : line[i] >= ' ' && line[i] < 0x7f,
                 "a line ends where it ends");
  }
}

// What comes of a stream: for each request its head, then its refusal, if it is refused. (Not with
// which status: of two reasons the one that is seen first depends on the pieces.)
using Story = std::vector<std::string>;

Story Read(absl::string_view stream, std::size_t piece) {
  Story story;
  RequestParser parser;
  parser.Reset();
  std::string unread;
  RequestBody body;
  bool is_in_body = false;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    unread.append(std::string(stream.substr(at, piece)));
    while (!unread.empty()) {
      if (is_in_body) {
        absl::string_view rest = unread;
        const RequestBody::Outcome outcome = body.Skip(rest, kMaxBodyBytes);
        unread.erase(0, unread.size() - rest.size());
        if (outcome == RequestBody::Outcome::kIncomplete) break;
        if (outcome != RequestBody::Outcome::kComplete) {
          story.push_back("body refused");
          return story;
        }
        is_in_body = false;
        continue;
      }
      if (!parser.has_begun()) {
        absl::string_view rest = unread;
        SkipEmptyLines(rest);
        unread.erase(0, unread.size() - rest.size());
        if (unread.empty()) break;
      }
      // Of exactly its size, so that asan sees a read behind it.
      const std::unique_ptr<char[]> exact(new char[unread.size()]);
      unread.copy(exact.get(), unread.size());
      const absl::string_view bytes(exact.get(), unread.size());
      const RequestParser::Outcome outcome = parser.Parse(bytes, kLimits);
      if (outcome == RequestParser::Outcome::kIncomplete) break;
      if (outcome == RequestParser::Outcome::kRefused) {
        MUSTER_CHECK(parser.status() >= 400 && parser.status() < 600, "a refusal has a status");
        story.push_back("head refused");
        return story;
      }
      CheckHead(parser.head(), bytes.substr(0, parser.head_bytes()));
      CheckValues(parser.head());
      story.push_back(unread.substr(0, parser.head_bytes()));
      if (parser.head().has_body()) {
        if (parser.head().is_chunked()) CheckChunks(unread.substr(parser.head_bytes()));
        body = RequestBody(parser.head());
        is_in_body = true;
      }
      unread.erase(0, parser.head_bytes());
      parser.Reset();
    }
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 16384) return 0;
  const absl::string_view stream(reinterpret_cast<const char*>(data), size);
  const Story whole = Read(stream, size);
  MUSTER_CHECK(Read(stream, 1) == whole, "one byte at a time is as all at once");
  MUSTER_CHECK(Read(stream, 1 + size / 3) == whole, "in three pieces is as all at once");
  return 0;
}

}  // namespace muster::worker::http
