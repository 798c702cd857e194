#include "muster/worker/http/input/request_reader.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using Outcome = RequestReader::Outcome;
using std::chrono::seconds;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kPostHead[] = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";

// What a reader finds, turn by turn.
class RequestReaderTest : public testing::Test {
 protected:
  // A reader of what was kept, and then of `input`.
  RequestReader Read(absl::string_view input) {
    return RequestReader(settings_, scratch_, rule_of_body_, std::move(kept_), input, now_);
  }

  // A turn: the request line and the body of each request in `input`; the rest is kept.
  std::vector<std::string> Turn(absl::string_view input) {
    std::vector<std::string> found;
    RequestReader reader = Read(input);
    for (outcome_ = reader.Next(); outcome_ == Outcome::kRequest; outcome_ = reader.Next()) {
      found.push_back(absl::StrCat(reader.head().line(), " ", reader.body()));
    }
    if (outcome_ != Outcome::kRefused) kept_ = reader.TakeRest();
    return found;
  }

  static BodyRule RuleOf(const RequestHead& head) {
    return {.use = head.target() == "/b" ? BodyUse::kWhole : BodyUse::kDropped, .max_bytes = 100};
  }

  ConnectionSettings settings_;
  RequestParser scratch_;
  RequestReader::RuleOfBody rule_of_body_ = RuleOf;
  loop::TimePoint now_;
  std::unique_ptr<PartialRequest> kept_;
  Outcome outcome_ = Outcome::kIncomplete;
};

TEST_F(RequestReaderTest, FindsRequestAfterRequest) {
  EXPECT_EQ(
      Turn(absl::StrCat(kGet, kPostHead, "12345", kGet)),
      std::vector<std::string>({"GET /a HTTP/1.1 ", "POST /b HTTP/1.1 12345", "GET /a HTTP/1.1 "}));
  EXPECT_EQ(outcome_, Outcome::kIncomplete);
  EXPECT_EQ(kept_, nullptr);
}

TEST_F(RequestReaderTest, FindsTheSameRequestsInWhateverPiecesTheyCome) {
  const std::string input = absl::StrCat("\r\n", kGet, kPostHead, "12345", kGet);
  for (std::size_t piece = 1; piece < input.size(); ++piece) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < input.size(); at += piece) {
      for (std::string& request : Turn(absl::string_view(input).substr(at, piece))) {
        found.push_back(std::move(request));
      }
    }
    EXPECT_EQ(found, std::vector<std::string>(
                         {"GET /a HTTP/1.1 ", "POST /b HTTP/1.1 12345", "GET /a HTTP/1.1 "}))
        << piece;
    EXPECT_EQ(kept_, nullptr) << piece;
  }
}

TEST_F(RequestReaderTest, DoesNotCopyARequestThatIsWhole) {
  const std::string input = kGet;
  RequestReader reader = Read(input);
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  EXPECT_EQ(reader.head().line().data(), input.data());
}

TEST_F(RequestReaderTest, KnowsWhetherMoreCameBehindARequest) {
  const std::string input = absl::StrCat(kGet, kPostHead, "12345", "G");
  RequestReader reader = Read(input);
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  EXPECT_TRUE(reader.has_more());
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  EXPECT_TRUE(reader.has_more());
  RequestReader last = Read(kGet);
  ASSERT_EQ(last.Next(), Outcome::kRequest);
  EXPECT_FALSE(last.has_more());
}

TEST_F(RequestReaderTest, KeepsNothingOfEmptyLines) {
  Turn("\r\n\r\n");
  EXPECT_EQ(kept_, nullptr);
}

TEST_F(RequestReaderTest, KeepsTheRequestsThatItWasNotAskedFor) {
  const std::string input = absl::StrCat(kGet, kPostHead, "12345");
  RequestReader reader = Read(input);
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  kept_ = reader.TakeRest();
  ASSERT_NE(kept_, nullptr);
  EXPECT_EQ(kept_->bytes(), absl::StrCat(kPostHead, "12345"));
  EXPECT_EQ(Turn(""), std::vector<std::string>({"POST /b HTTP/1.1 12345"}));
}

TEST_F(RequestReaderTest, KeepsOnlyTheEndOfWhatWasKept) {
  const std::string input = absl::StrCat(kGet, kGet, "GET");
  kept_ = Read(input).TakeRest();
  ASSERT_EQ(kept_->bytes(), input);
  Turn(" /c");
  EXPECT_EQ(kept_->bytes(), "GET /c");
}

TEST_F(RequestReaderTest, KeepsTheHeadOfARequestWhoseBodyIsOnItsWay) {
  Turn(absl::StrCat(kPostHead, "12"));
  ASSERT_NE(kept_, nullptr);
  EXPECT_TRUE(kept_->is_in_body());
  EXPECT_EQ(kept_->bytes(), kPostHead);
}

TEST_F(RequestReaderTest, ReadsPastABodyThatNobodyWants) {
  EXPECT_EQ(Turn("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"),
            std::vector<std::string>({"POST /c HTTP/1.1 "}));
  EXPECT_EQ(kept_, nullptr);
}

TEST_F(RequestReaderTest, NoticesAClientThatWaitsToBeToldToGoOn) {
  Turn("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(outcome_, Outcome::kExpectsContinue);
  EXPECT_EQ(Turn("12345"), std::vector<std::string>({"POST /b HTTP/1.1 12345"}));
}

TEST_F(RequestReaderTest, NoticesAClientThatDidNotWait) {
  Turn("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n1");
  EXPECT_EQ(outcome_, Outcome::kIncomplete);
}

TEST_F(RequestReaderTest, RefusesWhatIsNoRequest) {
  const std::string input = absl::StrCat(kGet, "nonsense\r\n\r\n");
  RequestReader reader = Read(input);
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  ASSERT_EQ(reader.Next(), Outcome::kRefused);
  EXPECT_EQ(reader.status(), 501);
  EXPECT_EQ(reader.refused_bytes(), "nonsense\r\n\r\n");
}

TEST_F(RequestReaderTest, RefusesAHeadBeyondItsLimits) {
  settings_.limits.max_request_line_bytes = 10;
  RequestReader reader = Read(kGet);
  ASSERT_EQ(reader.Next(), Outcome::kRefused);
  EXPECT_EQ(reader.status(), 414);
}

TEST_F(RequestReaderTest, RefusesABodyThatIsTooLongBeforeItComes) {
  const std::string head = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n";
  RequestReader reader = Read(head);
  ASSERT_EQ(reader.Next(), Outcome::kRefused);
  EXPECT_EQ(reader.status(), 413);
}

TEST_F(RequestReaderTest, RefusesAMalformedBodyAndShowsItsHead) {
  const std::string head = "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  Turn(head);
  RequestReader reader = Read("x\r\n");
  ASSERT_EQ(reader.Next(), Outcome::kRefused);
  EXPECT_EQ(reader.status(), 400);
  EXPECT_EQ(reader.refused_bytes(), head);
}

TEST_F(RequestReaderTest, CountsARequestsTimeFromItsFirstByte) {
  now_ += seconds(1);
  const loop::TimePoint first = now_;
  Turn("GET /");
  now_ += seconds(1);
  RequestReader reader = Read("a HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(reader.Next(), Outcome::kRequest);
  EXPECT_EQ(reader.start(), first);
}

TEST_F(RequestReaderTest, CountsTheTimeOfARequestBehindALateOneFromNow) {
  Turn("GET /");
  now_ += seconds(1);
  Turn("a HTTP/1.1\r\nHost: a\r\n\r\nGET");
  ASSERT_NE(kept_, nullptr);
  EXPECT_EQ(kept_->start(), now_);
}

}  // namespace
}  // namespace muster::worker::http
