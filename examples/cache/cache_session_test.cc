// What one client of the cache gets, without processes.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/examples/cache/cache.h"
#include "muster/examples/cache/cache.pb.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

// [cache fixture]
class CacheSessionTest : public ::testing::Test {
 protected:
  FakeContext context_{R"(
    zone { name: "cache" size_bytes: 10485760 }
    service { [type.googleapis.com/muster.examples.cache.v1.Cache] { shards: 2 } }
  )"};
  const std::unique_ptr<worker::Service> cache_ = *MakeCache(context_);
  const std::unique_ptr<FakeContext> next_ = context_.NewGeneration();
  const std::unique_ptr<worker::Service> next_cache_ = *MakeCache(*next_);
};
// [end]

TEST_F(CacheSessionTest, AnswersALineAtATime) {
  FakeStream client(context_, *cache_);
  client.Send("set a 0 0 1\r\nx\r\nget a\r\nget ");
  EXPECT_EQ(client.Receive(), "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
  client.Send("b\r\nquit\r\n");
  EXPECT_EQ(client.Receive(), "END\r\n");
  EXPECT_TRUE(client.has_ended());
}

TEST_F(CacheSessionTest, EndsAClientThatSendsALongLine) {
  FakeStream client(context_, *cache_);
  client.Send(absl::StrCat("get ", std::string(9000, 'x')));
  EXPECT_EQ(client.Receive(), "CLIENT_ERROR line too long\r\n");
  EXPECT_TRUE(client.has_ended());
}

// [cache move test]
TEST_F(CacheSessionTest, GoesOnInTheMiddleOfABlock) {
  FakeStream client(context_, *cache_);
  client.Send("set a 0 0 6\r\nhal");
  context_.Drain(*cache_);
  ASSERT_TRUE(client.Resume(*next_, *next_cache_).ok());
  client.Send("ves\r\nget a\r\n");
  EXPECT_EQ(client.Receive(), "STORED\r\nVALUE a 0 6\r\nhalves\r\nEND\r\n");
}
// [end]

TEST_F(CacheSessionTest, GoesOnInTheMiddleOfAnAnswer) {
  FakeStream client(context_, *cache_);
  const std::string value(1'000'000, 'v');
  client.Send(absl::StrCat("set a 0 0 ", value.size(), "\r\n", value, "\r\n"));
  ASSERT_EQ(client.Receive(), "STORED\r\n");
  client.Send("get a a a a a\r\n");
  ASSERT_EQ(client.ReceiveSome(7), "VALUE a");
  context_.Drain(*cache_);
  cache::v1::Session state;
  ASSERT_TRUE(state.ParseFromString(client.suspended().value_or("?")));
  EXPECT_GT(state.answered_keys(), 0u);
  EXPECT_LT(state.answered_keys(), 5u);
  ASSERT_TRUE(client.Resume(*next_, *next_cache_).ok());
  const std::string answer = absl::StrCat("VALUE a 0 1000000\r\n", value, "\r\n");
  std::string rest = "END\r\n";
  for (int i = 0; i < 5; ++i) rest = answer + rest;
  EXPECT_TRUE(client.Receive() == rest.substr(7));
}

TEST_F(CacheSessionTest, IsNotResumedFromWhatIsNoState) {
  cache::v1::Session too_long;
  too_long.set_line("set a 0 0 1");
  too_long.set_block("xyz");
  cache::v1::Session no_block;
  no_block.set_line("get a");
  for (const std::string& state :
       {std::string("\xff"), too_long.SerializeAsString(), no_block.SerializeAsString()}) {
    FakeStream client(*next_, *next_cache_);
    next_->Drain(*next_cache_);
    EXPECT_FALSE(client.ResumeFrom(state, context_, *cache_).ok());
    EXPECT_TRUE(client.has_ended());
  }
}

}  // namespace
}  // namespace muster::examples
