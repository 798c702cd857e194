#include "muster/worker/http/message/chunked_decoder.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using Outcome = ChunkedDecoder::Outcome;

constexpr absl::string_view kBody =
    "5\r\nhello\r\nA;name=\"x\"\r\n0123456789\r\n00\r\nTrailer: yes\r\nOther: x\r\n\r\n";

Outcome OutcomeOf(absl::string_view body) {
  ChunkedDecoder decoder;
  return decoder.Skip(body);
}

TEST(ChunkedDecoder, FindsTheEndOfTheBody) {
  const std::string sent = std::string(kBody) + "GET /next";
  absl::string_view bytes = sent;
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.Skip(bytes), Outcome::kComplete);
  EXPECT_EQ(bytes, "GET /next");
  EXPECT_EQ(decoder.body_bytes(), 15u);
}

TEST(ChunkedDecoder, FindsTheSameEndByteByByte) {
  ChunkedDecoder decoder;
  for (std::size_t i = 0; i + 1 < kBody.size(); ++i) {
    absl::string_view byte = kBody.substr(i, 1);
    ASSERT_EQ(decoder.Skip(byte), Outcome::kIncomplete) << i;
    ASSERT_TRUE(byte.empty());
  }
  absl::string_view last = kBody.substr(kBody.size() - 1);
  EXPECT_EQ(decoder.Skip(last), Outcome::kComplete);
}

TEST(ChunkedDecoder, AcceptsAnEmptyBody) { EXPECT_EQ(OutcomeOf("0\r\n\r\n"), Outcome::kComplete); }

TEST(ChunkedDecoder, RefusesWhatTheGrammarDoesNotHave) {
  for (absl::string_view body : {"\r\n",
                                 "g\r\n",
                                 "-1\r\n",
                                 "+1\r\n",
                                 "0x5\r\nhello\r\n",
                                 " 5\r\nhello\r\n",
                                 "5 \r\nhello\r\n",
                                 "5\nhello\r\n",
                                 "5\rhello",
                                 "5\r\nhello0",
                                 "5\r\nhello\n",
                                 "5\r\nhello\rx",
                                 "5\r\nhelloworld",
                                 "5;a\nb\r\n",
                                 "5;a\rb",
                                 "0\r\n\n",
                                 "0\r\nA: b\n",
                                 "0\r\nA: b\rx",
                                 "0\r\nA: b\r\n folded\r\n",
                                 "0\r\n\rx",
                                 ";a\r\n",
                                 "5;\x01\r\n"}) {
    EXPECT_EQ(OutcomeOf(body), Outcome::kMalformed) << body;
  }
}

TEST(ChunkedDecoder, PassesOverExtensionsAndTrailers) {
  for (absl::string_view body :
       {"0;a\r\n\r\n", "0;a=b\r\n\r\n", "0;a=b;c;d=\"e\"\r\n\r\n", "0;a=\"\"\r\n\r\n",
        "0;a=\"\\\"\\\\;\xe9\t \"\r\n\r\n", "0 ;\t a = b ; c\r\n\r\n", "0\r\nA:\r\n\r\n",
        "0\r\nA: b \t\r\nA:: \xe9\r\n\r\n"}) {
    EXPECT_EQ(OutcomeOf(body), Outcome::kComplete) << body;
  }
}

TEST(ChunkedDecoder, RefusesAMalformedExtension) {
  for (absl::string_view body :
       {"5;\r\n",         "5;;\r\n",     "5;;a\r\n",         "5; \r\n",        "5 \r\n",
        "5 a\r\n",        "5;a;\r\n",    "5;=b\r\n",         "5;a=\r\n",       "5;a==b\r\n",
        "5;a=b=c\r\n",    "5;a b\r\n",   "5;a \r\n",         "5;a=b c\r\n",    "5;a=b \r\n",
        "5;bad[=x\r\n",   "5;a=[\r\n",   "5;a=\"b\r\n",      "5;a=\"b\"c\r\n", "5;a=\"b\\\r\n",
        "5;a=b\"c\"\r\n", "5;\"a\"\r\n", "5;a=\"\x01\"\r\n", "5;\xe9\r\n",     "5;a=\xe9\r\n"}) {
    EXPECT_EQ(OutcomeOf(body), Outcome::kMalformed) << body;
  }
}

TEST(ChunkedDecoder, RefusesAMalformedTrailer) {
  for (absl::string_view trailer :
       {"not a field\r\n", "X : y\r\n", "X\r\n", ": y\r\n", "X(: y\r\n", "X: \x01\r\n",
        "X: \x7f\r\n", "\xe9: y\r\n", "A: b\r\n\tc\r\n"}) {
    EXPECT_EQ(OutcomeOf(absl::StrCat("0\r\n", trailer, "\r\n")), Outcome::kMalformed) << trailer;
  }
}

TEST(ChunkedDecoder, CountsAsReceivedWhatHasCome) {
  ChunkedDecoder decoder;
  absl::string_view bytes = "5\r\nhello\r\nff;a=b\r\n";
  EXPECT_EQ(decoder.Skip(bytes), Outcome::kIncomplete);
  EXPECT_EQ(decoder.body_bytes(), 260u);
  EXPECT_EQ(decoder.received_bytes(), 5u);
  bytes = "xyz";
  EXPECT_EQ(decoder.Skip(bytes), Outcome::kIncomplete);
  EXPECT_EQ(decoder.received_bytes(), 8u);
}

TEST(ChunkedDecoder, StaysMalformed) {
  ChunkedDecoder decoder;
  absl::string_view bad = "x";
  ASSERT_EQ(decoder.Skip(bad), Outcome::kMalformed);
  absl::string_view good = kBody;
  EXPECT_EQ(decoder.Skip(good), Outcome::kMalformed);
}

TEST(ChunkedDecoder, RefusesASizeThatDoesNotFit) {
  EXPECT_EQ(OutcomeOf("ffffffffffffffff\r\n"), Outcome::kIncomplete);
  EXPECT_EQ(OutcomeOf("10000000000000000\r\n"), Outcome::kMalformed);
}

TEST(ChunkedDecoder, BoundsWhatIsNotTheBody) {
  const std::string filler(ChunkedDecoder::kMaxLineBytes + 1, '0');
  EXPECT_EQ(OutcomeOf(filler), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf("5;" + filler), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf("5;a=\"" + filler), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf("5;" + std::string(ChunkedDecoder::kMaxLineBytes + 1, ' ')),
            Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf("0\r\n" + std::string(ChunkedDecoder::kMaxTrailerBytes + 1, 'a')),
            Outcome::kMalformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 9; ++i) trailers += "A: " + filler.substr(3) + "\r\n";
  EXPECT_EQ(OutcomeOf(trailers), Outcome::kMalformed);
}

}  // namespace
}  // namespace muster::worker::http
