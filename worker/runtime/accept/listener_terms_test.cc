#include "muster/worker/runtime/accept/listener_terms.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/origin/peer_address.h"

namespace muster::worker {
namespace {

using Beginning = ListenerTerms::Beginning;

const PeerAddress kProxy(absl::string_view("\x0a\x00\x00\x07", 4), 1);
const PeerAddress kOther(absl::string_view("\xc0\x00\x02\x01", 4), 1);

PeerAddress UnixPeer() {
  sockaddr_storage address = {};
  address.ss_family = AF_UNIX;
  return PeerAddress(address);
}

config::v1::Listen WithProxies() {
  config::v1::Listen listen;
  listen.set_address("127.0.0.1:80");
  listen.set_name("behind");
  listen.mutable_proxy_protocol()->add_from("10.0.0.0/8");
  return listen;
}

TEST(ListenerTerms, OfAListenerOfWhichNothingIsSaidArePlain) {
  const auto terms = ListenerTerms::None();
  EXPECT_TRUE(terms->is_plain());
  EXPECT_EQ(terms->name(), "");
  EXPECT_EQ(terms->BeginningOf(kOther), Beginning::kDirect);
  EXPECT_EQ(terms->Save(loop::TimePoint(std::chrono::seconds(1))), "");
}

TEST(ListenerTerms, ExpectAHeaderFromProxiesAndRefuseOthers) {
  const auto terms = *ListenerTerms::From(WithProxies());
  EXPECT_FALSE(terms->is_plain());
  EXPECT_EQ(terms->BeginningOf(kProxy), Beginning::kHeader);
  EXPECT_EQ(terms->BeginningOf(kOther), Beginning::kNothing);
}

TEST(ListenerTerms, TakeOthersForClientsIfTheyAreTold) {
  config::v1::Listen listen = WithProxies();
  listen.mutable_proxy_protocol()->set_others(config::v1::ProxyProtocol::DIRECT);
  const auto terms = *ListenerTerms::From(listen);
  EXPECT_EQ(terms->BeginningOf(kProxy), Beginning::kHeader);
  EXPECT_EQ(terms->BeginningOf(kOther), Beginning::kDirect);
}

TEST(ListenerTerms, ExpectAHeaderFromWhoeverMayConnectToAUnixSocket) {
  config::v1::Listen listen;
  listen.set_address("unix:/run/a.sock");
  listen.mutable_proxy_protocol();
  EXPECT_EQ((*ListenerTerms::From(listen))->BeginningOf(UnixPeer()), Beginning::kHeader);
}

TEST(ListenerTerms, GoWithAConnectionThatNoServiceHasSeen) {
  config::v1::Listen listen = WithProxies();
  listen.set_max_connections_per_client(3);
  listen.mutable_proxy_protocol()->mutable_timeout()->set_seconds(7);
  const loop::TimePoint accepted(std::chrono::seconds(9));
  const auto fresh = FreshTerms::Parse((*ListenerTerms::From(listen))->Save(accepted));
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(fresh->accepted, accepted);
  EXPECT_EQ(fresh->terms->name(), "behind");
  EXPECT_EQ(fresh->terms->most_per_client(), 3u);
  EXPECT_EQ(fresh->terms->header_timeout(), std::chrono::seconds(7));
  EXPECT_EQ(fresh->terms->BeginningOf(kProxy), Beginning::kHeader);
  EXPECT_EQ(fresh->terms->BeginningOf(kOther), Beginning::kNothing);
}

TEST(ListenerTerms, OfAnOlderProcessAreNone) {
  const auto fresh = FreshTerms::Parse("");
  ASSERT_TRUE(fresh.ok());
  EXPECT_TRUE(fresh->terms->is_plain());
  EXPECT_FALSE(fresh->accepted.has_value());
}

TEST(ListenerTerms, OfABrokenPeerAreRefused) {
  EXPECT_FALSE(FreshTerms::Parse("\xff").ok());
  v1::FreshConnection state;
  *state.mutable_listener() = WithProxies();
  state.mutable_listener()->mutable_proxy_protocol()->add_from("nonsense");
  EXPECT_FALSE(FreshTerms::Parse(state.SerializeAsString()).ok());
  *state.mutable_listener() = WithProxies();
  state.mutable_listener()->set_name("a\nb");
  EXPECT_FALSE(FreshTerms::Parse(state.SerializeAsString()).ok());
}

}  // namespace
}  // namespace muster::worker
