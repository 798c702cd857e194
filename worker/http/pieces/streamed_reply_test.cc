#include "muster/worker/http/pieces/streamed_reply.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/pieces/streamed_reply_fixture.h"

namespace muster::worker::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class StreamedReplyTest : public StreamedReplyFixture {};

TEST_F(StreamedReplyTest, IsSentInChunksAsItIsWritten) {
  head_ = {.body = "first", .content_type = "text/event-stream", .headers = {{"X-A", "1"}}};
  Client client(*this, kGet);
  const std::string begun = client.Receive();
  EXPECT_THAT(
      begun,
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Type: text/event-stream\r\n"),
            HasSubstr("\r\nTransfer-Encoding: chunked\r\n"),
            HasSubstr("\r\nX-A: 1\r\nX-Of: location\r\n"), Not(HasSubstr("Content-Length")),
            Not(HasSubstr("Trailer")), EndsWith("\r\n\r\n5\r\nfirst\r\n")));
  Write("and more");
  EXPECT_EQ(client.Receive(), "8\r\nand more\r\n");
  End();
  EXPECT_EQ(client.Receive(), "0\r\n\r\n");
  EXPECT_FALSE(client.has_ended());
  EXPECT_TRUE(reply_->is_gone());
  EXPECT_EQ(gone_, 0);
}

TEST_F(StreamedReplyTest, GathersWhatIsWrittenInOneRound) {
  Client client(*this, kGet);
  client.Receive();
  reply_->Write("a");
  reply_->Write("");
  reply_->Write("b");
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "2\r\nab\r\n");
  reply_->Write("c");
  reply_->End();
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "1\r\nc\r\n0\r\n\r\n");
}

TEST_F(StreamedReplyTest, ComesBetweenTheResponsesAroundIt) {
  Client client(*this, absl::StrCat(kGetNext, kGet, kGetNext));
  std::string all = client.Receive();
  EXPECT_THAT(all, HasSubstr("\r\n\r\nnextHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, Not(EndsWith("next")));
  Write("piece");
  End();
  all = client.Receive();
  EXPECT_THAT(all, AllOf(StartsWith("5\r\npiece\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"),
                         EndsWith("\r\n\r\nnext")));
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("next"));
}

TEST_F(StreamedReplyTest, MayBeAllWrittenBeforeTheHandlerReturns) {
  head_.body = "x";
  options_.max_unsent_bytes = 0;
  Client client(*this, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  Begin(*std::move(kept_));
  reply_->End();
  context_.RunReady();
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\n1\r\nx\r\n0\r\n\r\n"));
}

TEST_F(StreamedReplyTest, EndsWithTheConnectionForHttp10) {
  for (const absl::string_view fields : {"", "Connection: keep-alive\r\n"}) {
    Client client(*this, absl::StrCat("GET /s HTTP/1.0\r\n", fields, "\r\n"));
    Write("one ");
    Write("two");
    EXPECT_FALSE(client.has_ended());
    End({{"X-T", "1"}});
    const std::string all = client.Receive();
    EXPECT_THAT(all,
                AllOf(HasSubstr("\r\nConnection: close\r\n"), Not(HasSubstr("Transfer-Encoding")),
                      Not(HasSubstr("X-T")), EndsWith("\r\n\r\none two")));
    EXPECT_TRUE(client.has_ended());
  }
}

TEST_F(StreamedReplyTest, ClosesAfterItsEndIfTheClientAsksForThat) {
  Client client(*this, "GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  Write("x");
  EXPECT_THAT(client.Receive(), AllOf(HasSubstr("\r\nConnection: close\r\n"),
                                      HasSubstr("\r\nTransfer-Encoding: chunked\r\n")));
  End();
  EXPECT_EQ(client.Receive(), "0\r\n\r\n");
  EXPECT_TRUE(client.has_ended());
}

TEST_F(StreamedReplyTest, HasNoBodyForHead) {
  head_.body = "dropped";
  Client client(*this, "HEAD /s HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.Receive(),
              AllOf(HasSubstr("\r\nTransfer-Encoding: chunked\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_EQ(gone_, 1) << "nobody takes what it writes";
  EXPECT_TRUE(reply_->is_gone());
  Write("dropped");
  End();
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nnext")));
}

TEST_F(StreamedReplyTest, HasNoBodyWithAStatusThatHasNone) {
  for (const int status : {204, 205, 304}) {
    head_ = {.status = status, .body = "dropped"};
    Client client(*this, kGet);
    EXPECT_THAT(client.Receive(), AllOf(StartsWith(absl::StrCat("HTTP/1.1 ", status)),
                                        Not(HasSubstr("Transfer-Encoding")), EndsWith("\r\n\r\n")));
    client.Send(kGetNext);
    EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nnext"));
  }
  EXPECT_EQ(gone_, 3);
}

TEST_F(StreamedReplyTest, TellsTheLengthOfResetContentSinceItsClientReadsABody) {
  head_ = {.status = 205, .body = "dropped"};
  options_.trailers = {"X-Sum"};
  for (const absl::string_view request :
       {kGet, "GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
    Client client(*this, request);
    const std::string response = client.Receive();
    EXPECT_THAT(response, AllOf(HasSubstr("\r\nContent-Length: 0\r\n"), Not(HasSubstr("Trailer")),
                                Not(HasSubstr("Content-Type")), EndsWith("\r\n\r\n")));
    EXPECT_FALSE(client.has_ended());
  }
}

TEST_F(StreamedReplyTest, HasTrailers) {
  options_.trailers = {"X-Sum", "Server-Timing"};
  Client client(*this, kGet);
  EXPECT_THAT(client.Receive(), HasSubstr("\r\nTrailer: X-Sum, Server-Timing\r\n"));
  Write("abc");
  client.Receive();
  End({{"X-Sum", "3"}, {"Server-Timing", "a;dur=1"}});
  EXPECT_EQ(client.Receive(), "0\r\nX-Sum: 3\r\nServer-Timing: a;dur=1\r\n\r\n");
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nnext"));
}

TEST_F(StreamedReplyTest, LeavesOutTrailersThatMustNotBe) {
  Client client(*this, kGet);
  client.Receive();
  End({{"Content-Length", "3"}, {"X-Sum", "3"}, {"X-Bad", "1\r\nA: b"}});
  EXPECT_EQ(client.Receive(), "0\r\nX-Sum: 3\r\n\r\n");
  context_.Advance(std::chrono::seconds(10));
  ASSERT_EQ(context_.log_lines().size(), 2u);
  EXPECT_EQ(context_.log_lines()[0].text,
            "a handler's response goes without a field: trailer \"Content-Length\": must not come "
            "behind a body");
  EXPECT_EQ(context_.log_lines()[1].text, "1 more response went without a field");
}

TEST_F(StreamedReplyTest, IsReplacedIfItsHeadWouldBreakTheConnection) {
  head_.headers = {{"Transfer-Encoding", "chunked"}};
  Client one(*this, kGet);
  EXPECT_THAT(one.Receive(), StartsWith("HTTP/1.1 500 "));
  EXPECT_TRUE(reply_->is_gone());
  head_.headers = {};
  options_.trailers = {"Host"};
  Client two(*this, kGet);
  EXPECT_THAT(two.Receive(), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(gone_, 2);
  EXPECT_EQ(context_.log_lines().size(), 1u) << "the other is counted";
}

TEST_F(StreamedReplyTest, MayBeWrittenByAnotherThread) {
  Client client(*this, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string row(100, 'r');
  std::thread([&] {
    StreamedReply reply = kept_->Begin({.body = "rows:"});
    for (int i = 0; i < 20'000; ++i) reply.Write(row);
    reply.End({{"X-Rows", "20000"}});
  }).join();
  kept_.reset();
  ChunkedResponse response(client.Receive());
  EXPECT_TRUE(response.is_complete);
  EXPECT_EQ(response.body.size(), 5 + 2'000'000u);
}

TEST_F(StreamedReplyTest, GathersWhatAnotherThreadWritesUntilItFlushes) {
  Client client(*this, kGet);
  client.Receive();
  std::thread([&] { reply_->Write("a"); }).join();
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "");
  EXPECT_EQ(reply_->unsent_bytes(), 1u);
  std::thread([&] {
    reply_->Write("b");
    reply_->Flush();
  }).join();
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "2\r\nab\r\n");
  std::thread([&] { reply_->Write(std::string(StreamedBody::kGatheredBytes, 'c')); }).join();
  context_.RunReady();
  EXPECT_THAT(client.Receive(), StartsWith("4000\r\nccc"));
}

// A thread that has written much may wait for on_writable before it writes more or flushes.
TEST_F(StreamedReplyTest, SendsWhatAnotherThreadWroteWhileTheRestWasSent) {
  HandlerLog log(context_);
  auto body = std::make_shared<StreamedBody>(log, std::this_thread::get_id(),
                                             StreamOptions{.on_writable = [this] { ++writable_; }});
  int wakes = 0;
  body->SetOnPieces([&] { ++wakes; });
  body->Write("much");
  context_.RunReady();
  EXPECT_EQ(body->Take().bytes, "much");
  std::thread([&] { body->Write("rest"); }).join();
  body->SetTakenUnsent(0);
  body->TellWritable();
  context_.RunReady();
  EXPECT_EQ(writable_, 0) << "there is more";
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(body->Take().bytes, "rest");
  body->SetTakenUnsent(0);
  body->TellWritable();
  EXPECT_EQ(writable_, 1);
  body->Cut();
}

TEST_F(StreamedReplyTest, IsLoggedAtItsEndWithTheBytesThatWereSent) {
  Client client(*this, absl::StrCat(kGetNext, kGet));
  Write("abc");
  Write(std::string(16, 'x'));
  End();
  const std::string all = client.Receive();
  const std::size_t begin = all.find("nextHTTP") + 4;
  const ChunkedResponse response(absl::string_view(all).substr(begin));
  ASSERT_TRUE(response.is_complete);
  EXPECT_THAT(Logged(), EndsWith(absl::StrCat("\n/s 200 ", response.framed_bytes, " ",
                                              all.size() - begin, " OK\n")));
}

TEST_F(StreamedReplyTest, IsLoggedAsIncompleteWithWhatWasSent) {
  Client client(*this, kGet);
  Write(std::string(3'000'000, 'x'));
  // All that the kernel has.
  std::string all;
  for (std::string some; !(some = client.ReceiveSome(1)).empty() && all.empty();) all += some;
  client.Leave();
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
  const std::string line = Logged();
  EXPECT_THAT(line, AllOf(StartsWith("/s 200 "), EndsWith(" -\n")));
  std::size_t body = 0;
  ASSERT_EQ(std::sscanf(line.c_str(), "/s 200 %zu ", &body), 1);
  EXPECT_GT(body, 10'000u);
  EXPECT_LT(body, 2'900'000u);
}

}  // namespace
}  // namespace muster::worker::http
