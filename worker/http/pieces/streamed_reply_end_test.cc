#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/http/pieces/streamed_reply_fixture.h"

namespace muster::worker::http {
namespace {

using ::testing::EndsWith;

class StreamedReplyEndTest : public StreamedReplyFixture {};

TEST_F(StreamedReplyEndTest, IsAbortedIfItIsGivenUp) {
  Client client(*this, kGet);
  Write("abc");
  reply_.reset();
  context_.RunReady();
  const ChunkedResponse response(client.Receive());
  EXPECT_EQ(response.body, "abc");
  EXPECT_FALSE(response.is_complete);
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_, 1);
}

TEST_F(StreamedReplyEndTest, LeavesNothingToOtherClientsIfItIsGivenUpAtOnce) {
  head_.body = "secret";
  for (const bool is_at_once : {true, false}) {
    gives_up_ = is_at_once;
    Client client(*this, is_at_once ? absl::StrCat(kGetNext, kGet)
                                    : std::string("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    if (!is_at_once) {
      Begin(*std::move(kept_));
      reply_.reset();
      context_.RunReady();
    }
    EXPECT_TRUE(client.has_ended());
    gives_up_ = false;
    Client other(*this, kGetNext);
    const std::string all = other.Receive();
    EXPECT_EQ(all.rfind("HTTP/1.1 "), 0u) << all;
    EXPECT_THAT(all, EndsWith("\r\n\r\nnext"));
  }
  EXPECT_EQ(gone_, 2);
}

TEST_F(StreamedReplyEndTest, TellsThatTheClientHasLeft) {
  Client client(*this, kGet);
  Write("abc");
  client.Leave();
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(reply_->is_gone());
  EXPECT_EQ(reply_->unsent_bytes(), 0u);
  Write("nobody");
  End();
  EXPECT_EQ(gone_, 1);
}

TEST_F(StreamedReplyEndTest, MayBeginWhenTheClientHasLeft) {
  Client client(*this, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  client.Leave();
  context_.RunReady();
  Begin(*std::move(kept_));
  EXPECT_EQ(gone_, 0) << "not within the call";
  context_.RunReady();
  EXPECT_EQ(gone_, 1);
}

TEST_F(StreamedReplyEndTest, TellsThatTheClientHasEndedItsSide) {
  Client client(*this, kGet);
  EXPECT_EQ(input_ends_, 0);
  client.EndInput();
  context_.RunReady();
  EXPECT_EQ(input_ends_, 1);
  Write("still here");
  EXPECT_THAT(client.Receive(), EndsWith("\r\nstill here\r\n"));
  End();
  EXPECT_EQ(client.Receive(), "0\r\n\r\n");
  EXPECT_EQ(input_ends_, 1);
  EXPECT_EQ(gone_, 0);
}

TEST_F(StreamedReplyEndTest, TellsOfAnEndThatCameBeforeItBegan) {
  Client client(*this, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  client.EndInput();
  context_.RunReady();
  Begin(*std::move(kept_));
  context_.RunReady();
  EXPECT_EQ(input_ends_, 1);
}

TEST_F(StreamedReplyEndTest, IsAwaitedByADrainAndThenItsClientIsHandedOff) {
  Client client(*this, kGet);
  Write("a");
  context_.Drain(service());
  EXPECT_EQ(drains_, 1);
  context_.RunReady();
  EXPECT_EQ(context_.connections(), 1u);
  Write("b");
  EXPECT_EQ(ChunkedResponse(client.Receive()).body, "ab");
  End();
  EXPECT_EQ(client.Receive(), "0\r\n\r\n");
  EXPECT_FALSE(client.has_ended());
  const auto next = context_.NewGeneration();
  const std::unique_ptr<Service> other = *MakeHttpService(
      *next, {{"s", [this](Context&) { return std::make_unique<Streaming>(*this); }}});
  ASSERT_TRUE(client.Resume(*next, *other).ok());
  client.Send(kGetNext);
  EXPECT_THAT(client.Receive(), EndsWith("\r\n\r\nnext"));
  client.Leave();
}

TEST_F(StreamedReplyEndTest, IsAwaitedByADrainThatCloses) {
  Client client(*this, kGet);
  context_.Quit(service());
  Write("a");
  EXPECT_FALSE(client.has_ended());
  End();
  EXPECT_TRUE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_TRUE(client.has_ended());
}

TEST_F(StreamedReplyEndTest, IsToldWhenTheServiceEnds) {
  Client client(*this, kGet);
  Logged();
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(client.has_ended() || !client.Receive().empty());
  Write("nobody");
}

}  // namespace
}  // namespace muster::worker::http
