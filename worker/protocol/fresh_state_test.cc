#include "muster/worker/protocol/fresh_state.h"

#include "gtest/gtest.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/proto/handoff.pb.h"

namespace muster::worker {
namespace {

TEST(FreshState, IsEmptyOfAListenerOfWhichNothingIsSaid) {
  config::v1::Listen listen;
  listen.set_address("127.0.0.1:80");
  listen.set_backlog(511);
  EXPECT_EQ(FreshState(listen, std::chrono::nanoseconds(7)), "");
}

TEST(FreshState, HasWhatMattersToThoseWhoConnect) {
  config::v1::Listen listen;
  listen.set_address("127.0.0.1:80");
  listen.set_backlog(511);
  listen.set_owner("root");
  listen.set_name("public");
  listen.mutable_proxy_protocol()->add_from("10.0.0.0/8");
  listen.set_max_connections_per_client(9);
  v1::FreshConnection state;
  ASSERT_TRUE(state.ParseFromString(FreshState(listen, std::chrono::nanoseconds(7))));
  EXPECT_EQ(state.accepted(), 7);
  EXPECT_EQ(state.listener().name(), "public");
  EXPECT_EQ(state.listener().address(), "127.0.0.1:80");
  EXPECT_EQ(state.listener().proxy_protocol().from(0), "10.0.0.0/8");
  EXPECT_EQ(state.listener().max_connections_per_client(), 9u);
  EXPECT_FALSE(state.listener().has_owner());
}

TEST(FreshState, FitsAMessageWhateverTheListenerHas) {
  config::v1::Listen listen;
  listen.set_address(std::string(255, 'a'));
  listen.set_name(std::string(64, 'a'));
  for (int i = 0; i < 256; ++i) {
    listen.mutable_proxy_protocol()->add_from("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
  }
  EXPECT_LT(FreshState(listen, std::chrono::hours(1)).size(), ipc::kMaxChannelPayloadBytes);
}

}  // namespace
}  // namespace muster::worker
