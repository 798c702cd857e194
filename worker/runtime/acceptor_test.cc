#include "muster/worker/runtime/acceptor.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using testing::TestClient;

class Keeper : public Service {
 public:
  void OnConnection(Connection connection) override {
    connections.push_back(std::move(connection));
  }
  absl::Status Reopen() override { return absl::OkStatus(); }
  void Drain(Idle) override {}

  std::vector<Connection> connections;
};

class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest()
      : loop_(*loop::EventLoop::Create()),
        log_(*ErrorLog::Open(config::v1::Log(), "test")),
        count_(stats_.active) {
    config_.set_worker_connections(100);
  }

  std::unique_ptr<Acceptor> MakeAcceptor(std::optional<ipc::Mutex> mutex = std::nullopt) {
    std::vector<InheritedListener> listeners;
    listeners.push_back(listener_.Inherit());
    auto acceptor = Acceptor::Create({*loop_, log_, count_, stats_, keeper_}, config_,
                                     std::move(listeners), std::move(mutex));
    EXPECT_TRUE(acceptor.ok()) << acceptor.status();
    return *std::move(acceptor);
  }
  void RunOnce() { ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok()); }

  config::v1::Config config_;
  std::unique_ptr<loop::EventLoop> loop_;
  ErrorLog log_;
  SlotStats stats_;
  ConnectionCount count_;
  Keeper keeper_;
  testing::LoopbackListener listener_;
};

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

TEST_F(AcceptorTest, TakesWhatWaitsBeforeItStops) {
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  acceptor->Stop(/*take_waiting=*/true);
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

TEST_F(AcceptorTest, LeavesWhatWaitsWhenNobodyWouldServeIt) {
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  acceptor->Stop(/*take_waiting=*/false);
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
    return MakeAcceptor(ipc::Mutex(zone_.accept_mutex_state(), zone_.registry(), tag_));
  }

  SharedZone zone_;
  ipc::OwnerTag tag_;
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
