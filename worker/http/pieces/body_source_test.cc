#include "muster/worker/http/pieces/body_source.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/http/upgrade.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testkit::FakeContext;
using testkit::FakeStream;

constexpr char kChunkedPost[] = "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr char kGetNext[] = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

std::string Post(std::size_t body_bytes, absl::string_view fields = "") {
  return absl::StrCat("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: ", body_bytes, "\r\n", fields,
                      "\r\n");
}

// "/b" takes its body in pieces and is answered by the test, "/next" is answered.
class BodySourceTest : public testing::Test {
 protected:
  struct Taking : public Handler {
    explicit Taking(BodySourceTest& t) : test(t) {}
    bool TakesBodyInPieces() const override { return true; }
    void Handle(const Request& request, Reply reply) override {
      EXPECT_EQ(request.body, "");
      ++test.requests_;
      if (test.takes_) {
        test.body_ = reply.TakeBody({.on_piece =
                                         [this](absl::string_view piece) {
                                           test.taken_.append(piece.data(), piece.size());
                                           test.largest_ = std::max(test.largest_, piece.size());
                                           if (test.on_piece_ != nullptr) test.on_piece_();
                                         },
                                     .on_end =
                                         [this] {
                                           ++test.ends_;
                                           if (test.on_end_ != nullptr) test.on_end_();
                                         },
                                     .on_gone = [this] { ++test.gone_; }});
      }
      test.reply_.emplace(std::move(reply));
      if (test.on_request_ != nullptr) test.on_request_();
    }
    BodySourceTest& test;
  };
  struct Client : public FakeStream {
    Client(BodySourceTest& test, absl::string_view bytes)
        : FakeStream(test.context_, test.service()) {
      Send(bytes);
    }
  };

  ~BodySourceTest() override {
    stream_.reset();
    reply_.reset();
  }

  Service& service() {
    if (service_ == nullptr) {
      service_ = *MakeHttpService(
          context_, {{"b", [this](Context&) { return std::make_unique<Taking>(*this); }}});
    }
    return *service_;
  }
  void Answer(Response response) {
    reply_->Send(std::move(response));
    context_.RunReady();
  }

  FakeContext context_{R"(
    http {
      max_body_bytes: 10000000
      location { path: "/b" handler: "b" }
      location { path: "/next" return { body: "next" } }
    }
  )"};
  bool takes_ = true;
  std::function<void()> on_request_;
  std::function<void()> on_piece_;
  std::function<void()> on_end_;
  IncomingBody body_;
  std::optional<Reply> reply_;
  std::optional<StreamedReply> stream_;
  std::string taken_;
  std::size_t largest_ = 0;
  int requests_ = 0;
  int ends_ = 0;
  int gone_ = 0;

 private:
  std::unique_ptr<Service> service_;
};

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
  Client client(*this, Post(9'000'000));
  client.Send(std::string(9'000'000, 'x'));
  EXPECT_EQ(taken_.size(), 9'000'000u);
  EXPECT_EQ(ends_, 1);
  EXPECT_LE(largest_, 64u * 1024);
}

TEST_F(BodySourceTest, IsNotReadWhileItIsPaused) {
  Client client(*this, Post(9'000'000));
  on_piece_ = [this] {
    if (taken_.size() > 100'000) body_.Pause();
  };
  client.Send(std::string(9'000'000, 'x'));
  EXPECT_TRUE(body_.is_paused());
  const std::size_t taken = taken_.size();
  EXPECT_LT(taken, 400'000u);
  context_.RunReady();
  EXPECT_EQ(taken_.size(), taken);
  on_piece_ = nullptr;
  body_.Resume();
  context_.RunReady();
  client.Send("");
  EXPECT_EQ(taken_.size(), 9'000'000u);
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

TEST_F(BodySourceTest, IsBoundedBeforeTheHandlerSeesIt) {
  Client client(*this, Post(10'000'001, "Expect: 100-continue\r\n"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(requests_, 0);
}

TEST_F(BodySourceTest, IsBoundedInChunks) {
  Client client(*this, kChunkedPost);
  client.Send("5\r\nhello\r\n989680\r\n");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(ends_, 0);
  Answer({.body = "late"});
}

TEST_F(BodySourceTest, IsRefusedIfAChunkIsMalformed) {
  Client client(*this, kChunkedPost);
  client.Send("5\r\nhello\r\nx");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_, 1);
}

TEST_F(BodySourceTest, ThatIsRefusedIsOneRequest) {
  Client malformed(*this, absl::StrCat(kChunkedPost, "x"));
  Client slow(*this, Post(10));
  context_.Advance(seconds(61));
  EXPECT_THAT(slow.Receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(gone_, 2);
  EXPECT_EQ(ReadStats(context_.stats()).requests, 2u);
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

TEST_F(BodySourceTest, IsTimedOutWhenNothingComes) {
  Client client(*this, Post(10) + "01234");
  context_.Advance(seconds(59));
  EXPECT_EQ(gone_, 0);
  context_.Advance(seconds(2));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(gone_, 1);
}

TEST_F(BodySourceTest, IsTimedOutBelowTheMinimumPace) {
  Client client(*this, Post(1'000'000));
  int pieces = 0;
  while (gone_ == 0 && pieces < 1000) {
    client.Send("x");
    ++pieces;
    context_.Advance(seconds(20));
  }
  EXPECT_LE(pieces, 4);
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(BodySourceTest, MayBePausedForAnyTime) {
  Client client(*this, Post(10) + "01234");
  context_.Advance(seconds(30));
  for (int i = 0; i < 3; ++i) {
    body_.Pause();
    context_.RunReady();
    context_.Advance(seconds(100'000));
    EXPECT_EQ(gone_, 0);
    body_.Resume();
    context_.RunReady();
  }
  context_.Advance(seconds(29));
  EXPECT_EQ(gone_, 0) << "a second of its time is left";
  client.Send("567");
  EXPECT_EQ(taken_, "01234567");
  context_.Advance(seconds(2));
  EXPECT_EQ(gone_, 1) << "of the time for the whole at the minimum pace";
}

TEST_F(BodySourceTest, IsPassedOverIfNobodyTakesIt) {
  takes_ = false;
  Client client(*this, Post(5, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.Receive(), kContinue);
  client.Send("12345");
  Answer({.body = "thanks"});
  EXPECT_THAT(client.Receive(), EndsWith("thanks"));
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("next"));
}

TEST_F(BodySourceTest, IsPassedOverAfterAnEarlyAnswerIfLittleIsLeft) {
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

TEST_F(BodySourceTest, IsToldNoMoreOnceItsRequestIsAnswered) {
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
TEST_F(BodySourceTest, LetsGoOfWhatItsHandlerGaveItAtTheEndOfTheRequest) {
  const ResponseStyle style;
  const auto awaited = std::make_shared<AwaitedResponse>(context_, style, true);
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

TEST_F(BodySourceTest, OnItsWayDoesNotResetAConnectionThatItsAnswerCloses) {
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

TEST_F(BodySourceTest, IsPassedOverWithItsDeadline) {
  on_request_ = [&] { reply_->Send({.status = 403}); };
  Client client(*this, Post(1000));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 403 "));
  context_.Advance(seconds(61));
  EXPECT_EQ(client.Receive(), "") << "it was answered already";
  EXPECT_TRUE(client.has_ended());
}

TEST_F(BodySourceTest, OfUnknownLengthEndsTheConnectionAfterAnEarlyAnswer) {
  Client client(*this, absl::StrCat(kChunkedPost, "5\r\nhello\r\n"));
  Answer({.status = 403});
  EXPECT_THAT(client.Receive(),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("\r\nConnection: close\r\n")));
  EXPECT_TRUE(client.has_ended());
  client.Send("not a chunk");
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(BodySourceTest, MayBeAnsweredInPiecesMeanwhile) {
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

TEST_F(BodySourceTest, IsNotReadWhileTheClientTakesNoResponse) {
  on_request_ = [this] { stream_.emplace(reply_->Begin({})); };
  on_piece_ = [this] { stream_->Write(std::string(50'000, 'x')); };
  Client client(*this, Post(9'000'000));
  client.Send(std::string(9'000'000, 'x'));
  EXPECT_LT(taken_.size(), 3'000'000u);
  EXPECT_LT(stream_->unsent_bytes(), 3'000'000u);
  EXPECT_EQ(context_.connections(), 1u);
  on_end_ = [this] { stream_->End(); };
  EXPECT_TRUE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_EQ(taken_.size(), 9'000'000u);
}

TEST_F(BodySourceTest, ThatFailsAbortsAResponseInPieces) {
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

TEST_F(BodySourceTest, LeftAtTheEndOfAResponseInPiecesEndsTheConnection) {
  on_request_ = [&] { stream_.emplace(reply_->Begin({.body = "a"})); };
  Client client(*this, absl::StrCat(kChunkedPost, "5\r\nhello\r\n"));
  stream_->End();
  context_.RunReady();
  EXPECT_TRUE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_ + ends_, 0);
}

TEST_F(BodySourceTest, LeftByAResponseInPiecesThatEndsAtOnceEndsTheConnection) {
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

TEST_F(BodySourceTest, IsNotTakenForAnotherProtocol) {
  auto upgrade = std::make_shared<Upgrade>();
  int upgrades = 0;
  upgrade->take = [&](worker::Connection, const std::string&) { ++upgrades; };
  const Response switching = {.status = 101, .upgrade_to = "x", .upgrade = upgrade};
  on_request_ = [&] { reply_->Send(switching); };
  Client incomplete(*this, Post(10) + "01234");
  EXPECT_THAT(incomplete.Receive(), StartsWith("HTTP/1.1 500 "));
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

TEST_F(BodySourceTest, IsAwaitedByADrain) {
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
