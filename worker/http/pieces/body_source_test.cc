#include "muster/worker/http/pieces/body_source.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/pieces/body_source_fixture.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BodySourceTest : public BodySourceFixture {};

TEST_F(BodySourceTest, IsTakenAsItComes) {
  Client client(*this, Post(10));
  EXPECT_EQ(requests_, 1) << "before the first byte of the body";
  client.Send("01234");
  EXPECT_EQ(taken_, "01234");
  EXPECT_EQ(ends_, 0);
  client.Send("56789");
  EXPECT_EQ(taken_, "0123456789");
  EXPECT_EQ(ends_, 1);
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nthanks"));
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nnext"));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(gone_, 0);
}

TEST_F(BodySourceTest, IsTakenFromItsChunks) {
  Client client(*this, kChunkedPost);
  client.Send("3;x=y\r\nab");
  EXPECT_EQ(taken_, "ab");
  client.Send("c\r\n1\r\nd");
  EXPECT_EQ(taken_, "abcd");
  client.Send(absl::StrCat("\r\n0\r\nTrailer: x\r\n\r\n", kGetNext));
  EXPECT_EQ(ends_, 1);
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), AllOf(HasSubstr("\r\n\r\nthanks"), EndsWith("\r\n\r\nnext")));
}

TEST_F(BodySourceTest, MayComeWithItsHeadAndWithTheRequestBehind) {
  on_end_ = [this] { reply_->Send({.body = taken_}); };
  for (const std::string& request :
       {Post(4) + "body", absl::StrCat(kChunkedPost, "4\r\nbody\r\n0\r\n\r\n")}) {
    taken_.clear();
    Client client(*this, absl::StrCat(request, kGetNext));
    EXPECT_THAT(client.Receive(),
                AllOf(HasSubstr("\r\n\r\nbodyHTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nnext")));
  }
}

TEST_F(BodySourceTest, OfNoBytesEndsAtOnce) {
  on_end_ = [this] { reply_->Send({.body = "empty"}); };
  for (const std::string& request : {Post(0), absl::StrCat(kChunkedPost, "0\r\n\r\n"),
                                     std::string("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    Client client(*this, request);
    EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nempty"));
  }
  EXPECT_EQ(ends_, 3);
  EXPECT_EQ(taken_, "");
}

TEST_F(BodySourceTest, OfManyBytesComesInPiecesOf64KiBAtMost) {
  Client client(*this, Post(8'000'000));
  client.Send(std::string(8'000'000, 'x'));
  EXPECT_EQ(taken_.size(), 8'000'000u);
  EXPECT_EQ(ends_, 1);
  EXPECT_LE(largest_, 64u * 1024);
}

TEST_F(BodySourceTest, IsNotReadWhileItIsPaused) {
  Client client(*this, Post(8'000'000));
  on_piece_ = [this] {
    if (taken_.size() > 100'000) body_.Pause();
  };
  client.Send(std::string(8'000'000, 'x'));
  EXPECT_TRUE(body_.is_paused());
  const std::size_t taken = taken_.size();
  EXPECT_LT(taken, 400'000u);
  context_.RunReady();
  EXPECT_EQ(taken_.size(), taken);
  on_piece_ = nullptr;
  body_.Resume();
  context_.RunReady();
  client.Send("");
  EXPECT_EQ(taken_.size(), 8'000'000u);
  EXPECT_EQ(ends_, 1);
}

TEST_F(BodySourceTest, WaitsWithItsEndWhileItIsPaused) {
  on_request_ = [this] { body_.Pause(); };
  Client client(*this, Post(4) + "body" + kGetNext);
  EXPECT_EQ(taken_, "");
  EXPECT_EQ(ends_, 0);
  body_.Resume();
  context_.RunReady();
  EXPECT_EQ(taken_, "body");
  EXPECT_EQ(ends_, 1);
  Answer({});
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nnext"));
}

TEST_F(BodySourceTest, MayBePausedBetweenItsPieceAndItsEnd) {
  on_piece_ = [this] { body_.Pause(); };
  Client client(*this, Post(4) + "body");
  EXPECT_EQ(taken_, "body");
  EXPECT_EQ(ends_, 0);
  body_.Resume();
  context_.RunReady();
  EXPECT_EQ(ends_, 1);
}

TEST_F(BodySourceTest, MayBePausedAndResumedByAnotherThread) {
  Client client(*this, Post(200'000));
  std::thread([this] { body_.Pause(); }).join();
  context_.RunReady();
  client.Send(std::string(200'000, 'x'));
  EXPECT_EQ(taken_, "");
  std::thread([this] { body_.Resume(); }).join();
  context_.RunReady();
  client.Send("");
  EXPECT_EQ(taken_.size(), 200'000u);
}

TEST_F(BodySourceTest, IsAskedForIfItsClientWaits) {
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(requests_, 1);
  EXPECT_EQ(client.Receive(), kContinue);
  client.Send("12345");
  EXPECT_EQ(taken_, "12345");
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("thanks")));
}

TEST_F(BodySourceTest, IsAskedForInChunks) {
  Client client(*this,
                "POST /b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: "
                "chunked\r\n\r\n");
  EXPECT_EQ(client.Receive(), kContinue);
}

TEST_F(BodySourceTest, IsAskedForWhenItIsResumed) {
  on_request_ = [this] { body_.Pause(); };
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.Receive(), "");
  body_.Resume();
  context_.RunReady();
  EXPECT_EQ(client.Receive(), kContinue);
}

TEST_F(BodySourceTest, IsNotAskedForIfItsRequestIsAnswered) {
  on_request_ = [this] { reply_->Send({.status = 403}); };
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_THAT(client.Receive(),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("\r\nConnection: close\r\n")));
  EXPECT_TRUE(client.has_ended()) << "the client may send the body or not";
  EXPECT_EQ(gone_ + ends_, 0);
}

TEST_F(BodySourceTest, IsAskedForBeforeAResponseInPiecesIsBegun) {
  for (const bool is_at_once : {true, false}) {
    on_request_ = [&] {
      body_.Pause();
      if (is_at_once) stream_.emplace(reply_->Begin({}));
    };
    Client client(*this, Post(5, "Expect: 100-continue\r\n"));
    if (!is_at_once) stream_.emplace(reply_->Begin({}));
    body_.Resume();
    context_.RunReady();
    EXPECT_THAT(client.Receive(), StartsWith(absl::StrCat(kContinue, "HTTP/1.1 200 ")));
    taken_.clear();
    client.Send("12345");
    EXPECT_EQ(taken_, "12345");
    stream_->End();
    context_.RunReady();
    client.Send(kGetNext);
    EXPECT_THAT(client.Receive(), AllOf(StartsWith("0\r\n\r\n"), EndsWith("next")));
  }
}

TEST_F(BodySourceTest, ThatNobodyAsksForDoesNotAbortAResponseInPieces) {
  takes_ = false;
  on_request_ = [&] { stream_.emplace(reply_->Begin({})); };
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200 "));
  context_.Advance(seconds(1000));
  stream_->Write("later");
  stream_->End();
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "5\r\nlater\r\n0\r\n\r\n");
  EXPECT_TRUE(client.has_ended()) << "the client may send the body or not";
  Client begins(*this, Post(5, "Expect: 100-continue\r\n"));
  begins.Send("1");
  context_.Advance(seconds(61));
  EXPECT_TRUE(stream_->is_gone()) << "it does not come to its end";
}

TEST_F(BodySourceTest, IsGoneWithItsClient) {
  Client client(*this, Post(10) + "01234");
  client.Leave();
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(ends_, 0);
  EXPECT_EQ(context_.connections(), 0u);
  body_.Resume();
  Answer({});
}

TEST_F(BodySourceTest, IsGoneIfTheClientEndsItsSideBeforeItsEnd) {
  Client client(*this, Post(10) + "01234");
  client.EndInput();
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(client.has_ended());
}

TEST_F(BodySourceTest, IsGoneWithAPausedClientThatLeaves) {
  Client client(*this, Post(10) + "01234");
  body_.Pause();
  context_.RunReady();
  client.Leave();
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
}

}  // namespace
}  // namespace muster::worker::http
