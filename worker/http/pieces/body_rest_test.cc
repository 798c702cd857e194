#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/pieces/body_source_fixture.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/upgrade.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BodyRestTest : public BodySourceFixture {};

TEST_F(BodyRestTest, IsPassedOverIfNobodyTakesIt) {
  takes_ = false;
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.Receive(), kContinue);
  client.Send("12345");
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), EndsWith("thanks"));
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("next"));
}

TEST_F(BodyRestTest, IsPassedOverAfterAnEarlyAnswerIfLittleIsLeft) {
  for (const bool is_at_once : {true, false}) {
    on_request_ = [&] {
      if (is_at_once) reply_->Send({.status = 403});
    };
    Client client(*this, Post(70'000) + std::string(is_at_once ? 0 : 10'000, 'x'));
    if (is_at_once) {
      // All of it is left, and it is too much.
      EXPECT_THAT(client.Receive(), HasSubstr("\r\nConnection: close\r\n"));
      EXPECT_TRUE(client.has_ended());
      continue;
    }
    Answer({.status = 403});
    EXPECT_THAT(client.Receive(),
                AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("\r\nConnection: keep-alive\r\n")));
    taken_.clear();
    client.Send(absl::StrCat(std::string(60'000, 'y'), kGetNext));
    EXPECT_THAT(client.Receive(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("next")));
    EXPECT_EQ(taken_, "") << "nothing more is told";
  }
  EXPECT_EQ(gone_ + ends_, 0);
}

TEST_F(BodyRestTest, IsToldNoMoreOnceItsRequestIsAnswered) {
  on_piece_ = on_end_ = [this] { std::exchange(reply_, {})->Send({.status = 403}); };
  Client client(*this, absl::StrCat(Post(200'000), std::string(200'000, 'x')));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 403 "));
  EXPECT_LE(taken_.size(), 64u * 1024);
  taken_.clear();
  Client small(*this, Post(1) + "x" + kGetNext);
  EXPECT_THAT(small.Receive(), AllOf(StartsWith("HTTP/1.1 403 "), EndsWith("next")));
  EXPECT_EQ(taken_, "x");
  EXPECT_EQ(ends_ + gone_, 0);
}

// A thread may have sent the reply, and let go of it only later.
TEST_F(BodyRestTest, LetsGoOfWhatItsHandlerGaveItAtTheEndOfTheRequest) {
  const ResponseStyle style;
  HandlerLog log(context_);
  const auto awaited = std::make_shared<AwaitedResponse>(log, style, true);
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = owned;
  awaited->BeginCall();
  Reply reply(awaited);
  reply.TakeBody({.on_piece = [owned = std::move(owned)](absl::string_view) { ADD_FAILURE(); },
                  .on_gone = [] { ADD_FAILURE() << "it was answered"; }});
  reply.Send({});
  awaited->EndCall();
  EXPECT_FALSE(seen.expired());
  awaited->Leave();
  EXPECT_TRUE(seen.expired());
}

TEST_F(BodyRestTest, OnItsWayDoesNotResetAConnectionThatItsAnswerCloses) {
  for (const bool is_whole : {true, false}) {
    on_request_ = [&] {
      if (is_whole) return reply_->Send({.status = 403});
      stream_.emplace(reply_->Begin({.status = 403}));
      stream_->End();
    };
    Client client(*this, Post(10, "Connection: close\r\n"));
    EXPECT_EQ(context_.connections(), 1u) << "its client may be sending";
    client.Send("0123456789");
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 403 "));
    EXPECT_TRUE(client.has_ended());
    client.Leave();
    context_.RunReady();
    EXPECT_EQ(context_.connections(), 0u);
  }
}

TEST_F(BodyRestTest, IsPassedOverWithItsDeadline) {
  on_request_ = [&] { reply_->Send({.status = 403}); };
  Client client(*this, Post(1000));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 403 "));
  context_.Advance(seconds(61));
  EXPECT_EQ(client.Receive(), "") << "it was answered already";
  EXPECT_TRUE(client.has_ended());
}

TEST_F(BodyRestTest, OfUnknownLengthEndsTheConnectionAfterAnEarlyAnswer) {
  Client client(*this, absl::StrCat(kChunkedPost, "5\r\nhello\r\n"));
  Answer({.status = 403});
  EXPECT_THAT(client.Receive(),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("\r\nConnection: close\r\n")));
  EXPECT_TRUE(client.has_ended());
  client.Send("not a chunk");
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(BodyRestTest, MayBeAnsweredInPiecesMeanwhile) {
  on_piece_ = [this] { stream_->Write(absl::StrCat("<", taken_, ">")); };
  on_end_ = [this] { stream_->End(); };
  on_request_ = [this] { stream_.emplace(reply_->Begin({})); };
  Client client(*this, kChunkedPost);
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200 "));
  client.Send("1\r\na\r\n");
  EXPECT_EQ(client.Receive(), "3\r\n<a>\r\n");
  client.Send("1\r\nb\r\n");
  EXPECT_EQ(client.Receive(), "4\r\n<ab>\r\n");
  client.Send(absl::StrCat("0\r\n\r\n", kGetNext));
  EXPECT_THAT(client.Receive(), AllOf(StartsWith("0\r\n\r\nHTTP/1.1 200 "), EndsWith("next")));
}

TEST_F(BodyRestTest, IsNotReadWhileTheClientTakesNoResponse) {
  on_request_ = [this] { stream_.emplace(reply_->Begin({})); };
  on_piece_ = [this] { stream_->Write(std::string(50'000, 'x')); };
  Client client(*this, Post(8'000'000));
  client.Send(std::string(8'000'000, 'x'));
  EXPECT_LT(taken_.size(), 3'000'000u);
  EXPECT_LT(stream_->unsent_bytes(), 3'000'000u);
  EXPECT_EQ(context_.connections(), 1u);
  on_end_ = [this] { stream_->End(); };
  EXPECT_TRUE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_EQ(taken_.size(), 8'000'000u);
}

TEST_F(BodyRestTest, ThatFailsAbortsAResponseInPieces) {
  int gone = 0;
  on_request_ = [&] {
    stream_.emplace(reply_->Begin({.body = "a"}, {.on_gone = [&] { ++gone; }}));
  };
  Client client(*this, kChunkedPost);
  client.Send("x");
  const ChunkedResponse response(client.Receive());
  EXPECT_FALSE(response.is_complete);
  EXPECT_EQ(response.behind, "") << "no second response";
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(gone_, 1);
}

TEST_F(BodyRestTest, LeftAtTheEndOfAResponseInPiecesEndsTheConnection) {
  on_request_ = [&] { stream_.emplace(reply_->Begin({.body = "a"})); };
  Client client(*this, absl::StrCat(kChunkedPost, "5\r\nhello\r\n"));
  stream_->End();
  context_.RunReady();
  EXPECT_TRUE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_ + ends_, 0);
}

TEST_F(BodyRestTest, LeftByAResponseInPiecesThatEndsAtOnceEndsTheConnection) {
  on_request_ = [&] {
    stream_.emplace(reply_->Begin({.body = "a"}));
    stream_->End();
  };
  for (const absl::string_view method : {"POST", "HEAD"}) {
    Client client(*this, absl::StrCat(method, " /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ",
                                      "chunked\r\n\r\n5\r\nhello\r\n"));
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(client.has_ended());
  }
}

TEST_F(BodyRestTest, IsNotTakenForAnotherProtocol) {
  auto upgrade = std::make_shared<Upgrade>();
  int upgrades = 0;
  upgrade->take = [&](worker::Connection, const std::string&) { ++upgrades; };
  const Response switching = {.status = 101, .upgrade_to = "x", .upgrade = upgrade};
  on_request_ = [&] { reply_->Send(switching); };
  Client incomplete(*this, Post(10) + "01234");
  EXPECT_THAT(incomplete.Receive(), StartsWith("HTTP/1.1 500 "));
  context_.Advance(seconds(10));  // one line in that time is written
  on_request_ = [&] { stream_.emplace(reply_->Begin(switching)); };
  Client in_pieces(*this, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(in_pieces.Receive(), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(upgrades, 0);
  ASSERT_EQ(context_.log_lines().size(), 2u);
  EXPECT_THAT(context_.log_lines()[1].text, EndsWith("cannot be sent: an upgrade in pieces"));
  on_request_ = [&] { reply_->Send(switching); };
  Client whole(*this, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(whole.Receive(), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(upgrades, 1);
}

TEST_F(BodyRestTest, IsAwaitedByADrain) {
  Client client(*this, Post(10) + "01234");
  context_.Drain(service());
  client.Send("56789");
  EXPECT_EQ(ends_, 1);
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), EndsWith("thanks"));
  EXPECT_FALSE(client.has_ended());
  client.Leave();
}

}  // namespace
}  // namespace muster::worker::http
