// The parsers against the second way of saying what they accept.

#include "muster/worker/http/message/grammar_reference.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/authority.h"
#include "muster/worker/http/message/chunked_decoder.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/message/request_target.h"

namespace muster::worker::http {
namespace {

// How many of the texts were accepted: a comparison in which all are refused tells nothing.
struct Count {
  int accepted = 0;
  int refused = 0;
  void Add(bool is_accepted) { ++(is_accepted ? accepted : refused); }
};

void ExpectBoth(const Count& count) {
  EXPECT_GT(count.accepted, 100);
  EXPECT_GT(count.refused, 100);
}

TEST(GrammarReference, HasTheSameAuthorities) {
  Count count;
  ForTextsOf({":", "1", "[", "]", ".", "a", "%4", "v", "@"}, 5, 20'000,
             [&](const std::string& text) {
               const bool is_one = IsAuthorityByTheRules(text);
               ASSERT_EQ(IsAuthority(text), is_one) << text;
               count.Add(is_one);
             });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSameAddressesInBrackets) {
  Count count;
  ForTextsOf({":", "::", "1:", "fe09:", "1.2.3.4", "255.0.10.99", "256.1.1.1", "01.1.1.1", "12345",
              "1:2:", "g"},
             4, 100'000, [&](const std::string& text) {
               const std::string bracketed = absl::StrCat("[", text, "]");
               const bool is_one = IsAuthorityByTheRules(bracketed);
               ASSERT_EQ(IsAuthority(bracketed), is_one) << bracketed;
               count.Add(is_one);
             });
  ExpectBoth(count);
}

// Whatever the pieces in which it comes.
void ExpectSameBody(const std::string& bytes, Count& count) {
  const std::optional<ChunkedBody> expected = ReadChunkedByTheRules(bytes);
  count.Add(expected.has_value());
  for (const std::size_t piece : {bytes.size(), std::size_t{1}}) {
    ChunkedDecoder decoder;
    std::string content;
    auto outcome = ChunkedDecoder::Outcome::kIncomplete;
    std::size_t read = 0;
    while (outcome == ChunkedDecoder::Outcome::kIncomplete && read < bytes.size()) {
      absl::string_view rest = absl::string_view(bytes).substr(read, piece);
      const std::size_t before = rest.size();
      outcome = decoder.Read(rest, 1'000'000, &content);
      read += before - rest.size();
    }
    ASSERT_EQ(outcome == ChunkedDecoder::Outcome::kComplete, expected.has_value()) << bytes;
    if (!expected.has_value()) continue;
    ASSERT_EQ(content, expected->content) << bytes;
    ASSERT_EQ(read, expected->bytes) << bytes;
    ASSERT_EQ(decoder.received_bytes(), content.size()) << bytes;
  }
}

TEST(GrammarReference, HasTheSameChunkExtensions) {
  Count count;
  ForTextsOf({";", "a", "=", "\"", "\\", " ", "\r\n", "\xe9", ";a", "=\""}, 5, 50'000,
             [&](const std::string& text) {
               ExpectSameBody(absl::StrCat("1", text, "\r\nx\r\n0\r\n\r\n"), count);
             });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSameChunks) {
  Count count;
  ForTextsOf({"0", "1", "2", "a", "\r\n", "\r", "\n", "0\r\n\r\n", "1\r\nx\r\n"}, 5, 20'000,
             [&](const std::string& text) { ExpectSameBody(text, count); });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSameTrailers) {
  Count count;
  ForTextsOf({"a", ":", " ", "\t", "\r\n", "\n", "\xe9", "\x01", "(", "\r\nb: c\r\n"}, 4, 20'000,
             [&](const std::string& text) {
               ExpectSameBody(absl::StrCat("0\r\n", text, "\r\n\r\n"), count);
             });
  ExpectBoth(count);
}

// Nothing that is said in these heads has a meaning, so that only their form counts.
void ExpectSameHead(const std::string& bytes, Count& count) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end != bytes.size() - 4) return;
  const bool is_head = IsHeadByTheRules(bytes);
  count.Add(is_head);
  RequestParser parser;
  parser.Reset();
  ASSERT_EQ(parser.Parse(bytes, {}) == RequestParser::Outcome::kComplete, is_head) << bytes;
}

TEST(GrammarReference, HasTheSameFields) {
  Count count;
  ForTextsOf({"a", ":", " ", "\t", "\r\n", "\r", "\n", "\xe9", "\x01", "(", "a:"}, 4, 100'000,
             [&](const std::string& text) {
               ExpectSameHead(absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n", text, "\r\n\r\n"),
                              count);
             });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSameRequestLines) {
  Count count;
  ForTextsOf({"GET /", " ", "/", "HTTP/", "1", ".", "2", " HTTP/1."}, 5, 200'000,
             [&](const std::string& text) {
               // The target's form is another matter, and so is a method that is not known.
               if (text.find("GET /") != 0) return;
               ExpectSameHead(absl::StrCat(text, "\r\nHost: a\r\n\r\n"), count);
             });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSamePaths) {
  Count count;
  ForTextsOf({"/", ".", "..", "a", "%2e", "%2F", "%4", "1", "%00"}, 5, 40'000,
             [&](const std::string& text) {
               const std::string encoded = absl::StrCat("/", text);
               const std::optional<std::string> path = NormalizeByTheRules(encoded);
               count.Add(path.has_value());
               RequestTarget target;
               ASSERT_EQ(target.Parse(encoded), path.has_value()) << encoded;
               ASSERT_EQ(target.path(), path.value_or("")) << encoded;
             });
  ExpectBoth(count);
}

TEST(GrammarReference, HasTheSameTargets) {
  Count count;
  ForTextsOf({"/", "?", "#", "http://", "HttpS://", "a", ":80", "*", "[::1]", "%2e", "|\"", "\xe9",
              " ", "@", "..", "\x7f", "\t", "%"},
             4, 100'000, [&](const std::string& text) {
               const std::optional<TargetParts> expected = ReadTargetByTheRules(text);
               count.Add(expected.has_value());
               RequestTarget target;
               ASSERT_EQ(target.Parse(text), expected.has_value()) << text;
               if (!expected.has_value()) return;
               ASSERT_EQ(target.path(), expected->path) << text;
               ASSERT_EQ(target.query(), expected->query) << text;
             });
  ExpectBoth(count);
}

}  // namespace
}  // namespace muster::worker::http
