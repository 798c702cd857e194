#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/pieces/body_source_fixture.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;
using ::testing::StartsWith;

class BodySourceLimitsTest : public BodySourceFixture {};

TEST_F(BodySourceLimitsTest, IsBoundedBeforeTheHandlerSeesIt) {
  Client client(*this, Post(10'000'001, "Expect: 100-continue\r\n"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(requests_, 0);
}

TEST_F(BodySourceLimitsTest, IsBoundedInChunks) {
  Client client(*this, kChunkedPost);
  client.Send("5\r\nhello\r\n989680\r\n");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(ends_, 0);
  Answer({.body = "late"});
}

TEST_F(BodySourceLimitsTest, HasTheBoundOfItsLocation) {
  const auto to_bounded = [](absl::string_view request) {
    return absl::StrReplaceAll(request, {{"POST /b ", "POST /bounded "}});
  };
  Client length(*this, to_bounded(Post(21, "Expect: 100-continue\r\n")));
  EXPECT_THAT(length.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(requests_, 0);
  Client chunks(*this, absl::StrCat(to_bounded(kChunkedPost), "f\r\n0123456789abcde\r\n"));
  EXPECT_EQ(taken_, "0123456789abcde");
  chunks.Send("6\r\n");
  EXPECT_THAT(chunks.Receive(), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(gone_, 1);
  Client whole(*this, to_bounded(Post(20, "Expect: 100-continue\r\n")));
  EXPECT_EQ(whole.Receive(), kContinue);
  whole.Send(std::string(20, 'x'));
  EXPECT_EQ(ends_, 1);
}

TEST_F(BodySourceLimitsTest, IsRefusedIfAChunkIsMalformed) {
  Client client(*this, kChunkedPost);
  client.Send("5\r\nhello\r\nx");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(gone_, 1);
}

TEST_F(BodySourceLimitsTest, ThatIsRefusedIsOneRequest) {
  Client malformed(*this, absl::StrCat(kChunkedPost, "x"));
  Client slow(*this, Post(10));
  context_.Advance(seconds(61));
  EXPECT_THAT(slow.Receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(gone_, 2);
  EXPECT_EQ(ReadStats(context_.stats()).requests, 2u);
}

TEST_F(BodySourceLimitsTest, IsTimedOutWhenNothingComes) {
  Client client(*this, Post(10) + "01234");
  context_.Advance(seconds(59));
  EXPECT_EQ(gone_, 0);
  context_.Advance(seconds(2));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(gone_, 1);
}

TEST_F(BodySourceLimitsTest, IsTimedOutBelowTheMinimumPace) {
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

TEST_F(BodySourceLimitsTest, MayBePausedForAnyTime) {
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

}  // namespace
}  // namespace muster::worker::http
