#include "muster/worker/runtime/accept/acceptor.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/runtime/accept/acceptor_fixture.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {
namespace {

using testing::TestClient;

TEST_F(AcceptorTest, TakesOneInEachRound) {
  const auto acceptor = MakeAcceptor();
  const TestClient clients[] = {TestClient(listener_.port()), TestClient(listener_.port())};
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 2u);
  EXPECT_EQ(stats_.accepted.value(), 2u);
  EXPECT_EQ(stats_.handled.value(), 2u);
  EXPECT_EQ(stats_.active.value(), 2);
}

TEST_F(AcceptorTest, GoesOnAfterItHadItsShare) {
  const auto acceptor = MakeAcceptor();
  for (std::size_t i = 1; i <= 40; ++i) {
    const TestClient client(listener_.port());
    RunOnce();
    ASSERT_EQ(keeper_.connections.size(), i);
  }
}

TEST_F(AcceptorTest, TakesNoMoreThanItMayHold) {
  config_.set_worker_connections(1);
  const auto acceptor = MakeAcceptor();
  const TestClient clients[] = {TestClient(listener_.port()), TestClient(listener_.port())};
  RunOnce();
  acceptor->AfterRound();
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
  keeper_.connections.clear();
  acceptor->AfterRound();
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

// As if another worker had been woken for the connection, and had died.
TEST_F(AcceptorTest, SweepsUpConnectionsOfWhichItWasNotTold) {
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  acceptor->Sweep();
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

TEST_F(AcceptorTest, GivesWhatWaitsToItsSuccessorsBeforeItStops) {
  const auto acceptor = MakeAcceptor();
  const TestClient clients[] = {TestClient(listener_.port()), TestClient(listener_.port()),
                                TestClient(listener_.port())};
  std::vector<Connection> given;
  acceptor->Stop(Admission::Successors{
      .have_room = [&] { return given.size() < 2; },
      .take = [&](Connection connection,
                  const std::string&) { given.push_back(std::move(connection)); }});
  EXPECT_EQ(given.size(), 2u);
  EXPECT_TRUE(keeper_.connections.empty());
}

TEST_F(AcceptorTest, AcceptsNothingBeforeItStarts) {
  auto acceptor = Acceptor::Create({*loop_, log_, count_, stats_, admission_}, config_,
                                   InheritedListeners(), std::nullopt);
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  const TestClient client(listener_.port());
  RunOnce();
  (*acceptor)->Sweep();
  (*acceptor)->AfterRound();
  EXPECT_TRUE(keeper_.connections.empty());
}

TEST_F(AcceptorTest, LeavesWhatWaitsWhenNobodyWouldServeIt) {
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  acceptor->Stop(std::nullopt);
  RunOnce();
  acceptor->Sweep();
  EXPECT_TRUE(keeper_.connections.empty());
}

// With MUTEX a worker leaves as many turns to the others as it has connections too many, beyond
// seven eighths of those that it may hold.
class AcceptorWithMutexTest : public AcceptorTest {
 protected:
  AcceptorWithMutexTest() : zone_(*SharedZone::Create(4)), tag_(*zone_.Reserve()) {
    config_.set_accept(config::v1::MUTEX);
    config_.set_worker_connections(16);
    config_.mutable_accept_delay()->set_seconds(60);
  }
  std::unique_ptr<Acceptor> MakeAcceptorWithMutex() {
    return MakeAcceptor(
        AcceptTurns{ipc::Mutex(zone_.accept_mutex_state(), zone_.registry(), tag_), turns_});
  }

  SharedZone zone_;
  ipc::OwnerTag tag_;
  ipc::Gauge turns_;
};

TEST_F(AcceptorWithMutexTest, LeavesATurnToOthersWhenItIsNearlyFull) {
  const auto acceptor = MakeAcceptorWithMutex();
  std::vector<TestClient> clients;
  for (int i = 0; i < 15; ++i) clients.emplace_back(listener_.port());
  RunOnce();
  ASSERT_EQ(keeper_.connections.size(), 15u);

  clients.emplace_back(listener_.port());
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 15u);
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 16u);
}

TEST_F(AcceptorWithMutexTest, LeavesNoTurnWithAnEighthFree) {
  const auto acceptor = MakeAcceptorWithMutex();
  std::vector<TestClient> clients;
  for (int i = 0; i < 14; ++i) clients.emplace_back(listener_.port());
  RunOnce();
  ASSERT_EQ(keeper_.connections.size(), 14u);

  clients.emplace_back(listener_.port());
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 15u);
}

}  // namespace
}  // namespace muster::worker
