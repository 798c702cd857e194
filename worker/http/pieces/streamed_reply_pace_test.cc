#include <chrono>
#include <string>

#include "gtest/gtest.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/http/pieces/streamed_reply_fixture.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;

class StreamedReplyPaceTest : public StreamedReplyFixture {};

TEST_F(StreamedReplyPaceTest, TellsWhenTheClientHasTakenAll) {
  Client client(*this, kGet);
  EXPECT_EQ(writable_, 0) << "nothing was written";
  Write("a");
  EXPECT_EQ(writable_, 1);
  context_.RunReady();
  EXPECT_EQ(writable_, 1) << "once";
  EXPECT_EQ(reply_->unsent_bytes(), 0u);

  const std::string large(3'000'000, 'x');
  Write(large);
  EXPECT_EQ(writable_, 1);
  EXPECT_GT(reply_->unsent_bytes(), 1'000'000u);
  Write("behind");
  End();
  const ChunkedResponse response(client.Receive());
  EXPECT_TRUE(response.is_complete);
  EXPECT_TRUE(response.body == "a" + large + "behind");
}

TEST_F(StreamedReplyPaceTest, MayBeWrittenPieceByPieceAsTheClientTakesIt) {
  const std::string piece(100'000, 'x');
  int pieces = 0;
  when_writable_ = [&] {
    EXPECT_EQ(reply_->unsent_bytes(), 0u);
    if (++pieces < 50) {
      reply_->Write(piece);
    } else {
      reply_->End();
    }
  };
  Client client(*this, kGet);
  Write(piece);
  EXPECT_LT(pieces, 50) << "the client has taken nothing";
  const ChunkedResponse response(client.Receive());
  EXPECT_TRUE(response.is_complete);
  EXPECT_EQ(response.body.size(), 5'000'000u);
}

TEST_F(StreamedReplyPaceTest, IsAbortedIfMoreIsWrittenThanMayWait) {
  options_.max_unsent_bytes = 1'000'000;
  Client client(*this, kGet);
  Write(std::string(2'000'000, 'x'));
  EXPECT_EQ(gone_, 0) << "one piece may be of any size";
  Write("y");
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(reply_->is_gone());
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_FALSE(ChunkedResponse(client.Receive()).is_complete);
  EXPECT_TRUE(client.has_ended());
}

TEST_F(StreamedReplyPaceTest, IsAbortedWhileTheClientTakesNothing) {
  Client client(*this, kGet);
  Write(std::string(3'000'000, 'x'));
  reply_->Abort();
  context_.RunReady();
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_EQ(gone_, 1);
}

TEST_F(StreamedReplyPaceTest, MayBeSilentForAnyTime) {
  Client client(*this, kGet);
  client.Receive();
  context_.Advance(std::chrono::hours(10));
  Write("a");
  EXPECT_EQ(client.Receive(), "1\r\na\r\n");
}

TEST_F(StreamedReplyPaceTest, ClosesAClientThatTakesNothingWhateverIsWritten) {
  Client client(*this, kGet);
  Write(std::string(2'000'000, 'x'));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(gone_, 0);
    context_.Advance(seconds(11));
    Write("more");
  }
  context_.Advance(seconds(11));
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(context_.connections(), 0u);
}

TEST_F(StreamedReplyPaceTest, KeepsAClientThatTakesItSlowly) {
  Client client(*this, kGet);
  Write(std::string(2'000'000, 'x'));
  End();
  std::string all;
  for (int i = 0; i < 100 && gone_ == 0; ++i) {
    context_.Advance(seconds(50));
    all += client.ReceiveSome(200'000);
  }
  EXPECT_TRUE(ChunkedResponse(all + client.Receive()).is_complete);
}

}  // namespace
}  // namespace muster::worker::http
