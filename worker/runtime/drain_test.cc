#include "muster/worker/runtime/drain.h"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/test_timers.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/accept/acceptor.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/handoff/handoff_board.h"
#include "muster/worker/runtime/handoff/handoff_queue.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/threads/thread_pool.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TestClient;

constexpr auto kTimeout = seconds(20);

// Keeps its connections, and writes down what it is told.
class Keeper : public Service {
 public:
  explicit Keeper(std::vector<std::string>& story) : story_(story) {}

  void OnConnection(Connection connection) override {
    story_.push_back("connection");
    connections.push_back(std::move(connection));
  }
  absl::Status Adopt(Connection connection, std::string state) override {
    story_.push_back("adopt " + state);
    connections.push_back(std::move(connection));
    return absl::OkStatus();
  }
  absl::Status Reopen() override { return absl::OkStatus(); }
  void Drain(Idle idle) override {
    story_.push_back(idle == Idle::kHandOff ? "drain, hand off" : "drain, close");
  }

  std::vector<Connection> connections;

 private:
  std::vector<std::string>& story_;
};

// A worker's acceptor, queue and service, whole; the time is the test's.
class DrainTest : public ::testing::Test {
 protected:
  static constexpr auto kDrain = Service::Idle::kHandOff;
  static constexpr auto kQuit = Service::Idle::kClose;

  DrainTest() {
    config::v1::Config config;
    config.set_worker_connections(100);
    std::vector<InheritedListener> listeners;
    listeners.push_back(listener_.Inherit());
    acceptor_ = *Acceptor::Create({*loop_, log_, count_, stats_, admission_}, config,
                                  std::move(listeners), std::nullopt);
    EXPECT_TRUE(acceptor_->Start().ok());
    HandoffQueue::Callbacks callbacks;
    callbacks.adopt = [this](Connection connection, std::string state) {
      EXPECT_TRUE(keeper_.Adopt(std::move(connection), std::move(state)).ok());
    };
    callbacks.room = [this] {
      story_.push_back("room");
      drain_->OnHandoffRoom();
    };
    callbacks.measure_capacity = [] { return 100; };
    handoff_ = *HandoffQueue::Create({*loop_, log_, count_, stats_, board_},
                                     *ipc::DuplicateFd(queue_.first.fd()),
                                     *ipc::DuplicateFd(queue_.second.fd()), std::move(callbacks));
    EXPECT_TRUE(handoff_->StartTaking().ok());
    drain_ = std::make_unique<Drain>(
        Drain::Surroundings{timers_, log_, count_, stats_, status_, *acceptor_, admission_,
                            *handoff_, keeper_, threads_},
        kTimeout, [this] { story_.push_back(drain_->has_begun() ? "begun" : "not begun"); });
  }

  // One that this worker holds.
  Connection Hold() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    clients_.emplace_back(ends[0]);
    Connection connection;
    connection.fd.reset(ends[1]);
    connection.lease = count_.Take();
    return connection;
  }
  // Another worker, which serves.
  void AddTaker() {
    ASSERT_TRUE(zone_.Reserve(1).ok());
    zone_.worker_status(1).phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
    zone_.worker_status(1).capacity.Set(100);
  }
  // As another worker does that drains.
  void PutIntoQueue(const std::string& state) {
    const Connection connection = Hold();
    const int fd = connection.fd.get();
    ipc::Message message;
    message.command = ipc::CommandNumber(Command::kAdopt);
    message.payload = state;
    message.fds = absl::MakeConstSpan(&fd, 1);
    ASSERT_TRUE(queue_.second.TrySend(message).ok());
  }
  void RunLoopOnce() { ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok()); }

  std::vector<std::string> story_;
  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  std::atomic<bool> threads_may_end_{false};
  ThreadPool threads_{{2, 8}, {*loop_, [](absl::string_view) {}}};
  loop::TestTimers timers_;
  ErrorLog log_ = *ErrorLog::Open(config::v1::Log(), "test");
  SlotStats stats_;
  WorkerStatus status_;
  ConnectionCount count_{stats_.active};
  SharedZone zone_ = *SharedZone::Create(4);
  HandoffBoard board_{zone_, 0, 1, 100};
  Keeper keeper_{story_};
  Admission admission_{{*loop_, log_, count_, stats_, status_, keeper_}};
  testing::LoopbackListener listener_;
  ipc::Channel::Pair queue_ = *ipc::Channel::CreatePair();
  std::vector<ipc::UniqueFd> clients_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<HandoffQueue> handoff_;
  std::unique_ptr<Drain> drain_;
};

TEST_F(DrainTest, IsNeitherBegunNorDoneBeforeACommand) {
  EXPECT_FALSE(drain_->has_begun());
  EXPECT_FALSE(drain_->is_done());
}

TEST_F(DrainTest, IsDoneAtOnceWithoutConnections) {
  drain_->Begin(kDrain);
  EXPECT_TRUE(drain_->has_begun());
  EXPECT_TRUE(drain_->is_done());
}

TEST_F(DrainTest, IsDoneWhenTheLastConnectionHasEnded) {
  Connection first = Hold();
  Connection last = Hold();
  drain_->Begin(kDrain);
  first = Connection();
  EXPECT_FALSE(drain_->is_done());
  last = Connection();
  EXPECT_TRUE(drain_->is_done());
}

TEST_F(DrainTest, GivesTheConnectionsThatWaitToOthersUnread) {
  AddTaker();
  const TestClient clients[] = {TestClient(listener_.port()), TestClient(listener_.port())};
  drain_->Begin(kDrain);
  EXPECT_THAT(story_, ElementsAre("begun", "drain, hand off"));
  for (int i = 0; i < 2; ++i) {
    ipc::ReceivedMessage given;
    ASSERT_EQ(*queue_.first.TryReceive(&given), ipc::ReceiveOutcome::kReceived);
    EXPECT_EQ(given.flags, kIsFresh);
    EXPECT_EQ(given.payload, "");
  }
}

TEST_F(DrainTest, LeavesTheConnectionsThatWaitWhereTheyAreIfNobodyHasRoom) {
  const TestClient client(listener_.port());
  drain_->Begin(kDrain);
  EXPECT_EQ(stats_.accepted.value(), 0u);
  EXPECT_TRUE(drain_->is_done());
}

TEST_F(DrainTest, LeavesTheConnectionsThatWaitToTheListenersOwnerOnQuit) {
  const TestClient client(listener_.port());
  drain_->Begin(kQuit);
  EXPECT_THAT(story_, ElementsAre("begun", "drain, close"));
}

TEST_F(DrainTest, AcceptsNothingMore) {
  drain_->Begin(kDrain);
  story_.clear();
  const TestClient client(listener_.port());
  RunLoopOnce();
  EXPECT_THAT(story_, IsEmpty());
}

TEST_F(DrainTest, LeavesTheHandoffQueueToOthers) {
  PutIntoQueue("state");
  drain_->Begin(kDrain);
  RunLoopOnce();
  EXPECT_THAT(story_, ElementsAre("begun", "drain, hand off"));
}

TEST_F(DrainTest, TakesAllThatIsInTheHandoffQueueBeforeTheServiceDrainsOnQuit) {
  PutIntoQueue("one");
  PutIntoQueue("two");
  drain_->Begin(kQuit);
  EXPECT_THAT(story_, ElementsAre("begun", "adopt one", "adopt two", "drain, close"));
}

TEST_F(DrainTest, GoesOnTakingWhatComesIntoTheHandoffQueueOnQuit) {
  drain_->Begin(kQuit);
  PutIntoQueue("late");
  RunLoopOnce();
  EXPECT_THAT(story_, ElementsAre("begun", "drain, close", "adopt late"));
}

TEST_F(DrainTest, TakesWhatItHasHandedOffAndNobodyTookOnQuit) {
  drain_->Begin(kDrain);
  handoff_->Give(Hold(), "own");
  story_.clear();
  drain_->Begin(kQuit);
  EXPECT_THAT(story_, ElementsAre("adopt own", "drain, close"));
}

TEST_F(DrainTest, IsNotDoneBeforeWhatItHandedOffIsTaken) {
  drain_->Begin(kDrain);
  handoff_->Give(Hold(), "own");
  EXPECT_EQ(count_.held(), 0u);
  EXPECT_FALSE(drain_->is_done());
  ipc::ReceivedMessage taken;
  ASSERT_TRUE(queue_.first.TryReceive(&taken).ok());
  EXPECT_TRUE(drain_->is_done());
}

TEST_F(DrainTest, TakesBackWhatItCouldNotHandOffAfterTheServiceDrainsOnQuit) {
  drain_->Begin(kDrain);
  // As many as the queue has room for, and one.
  while (count_.held() == 0) handoff_->Give(Hold(), std::string(1000, 'x'));
  story_.clear();
  drain_->Begin(kQuit);
  const auto drained = std::find(story_.begin(), story_.end(), "drain, close");
  ASSERT_NE(drained, story_.end());
  EXPECT_EQ(story_.end() - drained, 2);
  EXPECT_EQ(story_.back(), "adopt " + std::string(1000, 'x'));
}

TEST_F(DrainTest, ChangesNothingWhenItIsRepeated) {
  drain_->Begin(kDrain);
  drain_->Begin(kDrain);
  EXPECT_THAT(story_, ElementsAre("begun", "drain, hand off"));
}

TEST_F(DrainTest, BecomesAQuitOnce) {
  drain_->Begin(kDrain);
  drain_->Begin(kQuit);
  drain_->Begin(kQuit);
  EXPECT_THAT(story_, ElementsAre("begun", "drain, hand off", "drain, close"));
}

TEST_F(DrainTest, StaysAQuit) {
  drain_->Begin(kQuit);
  drain_->Begin(kDrain);
  EXPECT_THAT(story_, ElementsAre("begun", "drain, close"));
}

TEST_F(DrainTest, IsDoneAtItsDeadlineAndCountsWhatIsLeft) {
  const Connection connections[] = {Hold(), Hold(), Hold()};
  stats_.reading.Add();
  stats_.writing.Add();
  stats_.waiting.Add();
  drain_->Begin(kDrain);
  timers_.RunAt(kTimeout - loop::Clock::duration(1));
  EXPECT_FALSE(drain_->is_done());
  EXPECT_EQ(status_.requests_cut.value(), 0);
  timers_.RunAt(kTimeout);
  EXPECT_TRUE(drain_->is_done());
  EXPECT_EQ(stats_.closed_at_deadline.value(), 3u);
  EXPECT_EQ(status_.requests_cut.value(), 2);
}

TEST_F(DrainTest, TakesTasksAsLongAsThereAreClients) {
  auto connection = std::make_unique<Connection>(Hold());
  const auto work = [](Task&) { return absl::OkStatus(); };
  drain_->Begin(kDrain);
  drain_->AfterRound();
  EXPECT_TRUE(threads_.Submit(work).ok());
  connection.reset();
  drain_->AfterRound();
  EXPECT_TRUE(absl::IsUnavailable(threads_.Submit(work).status()));
}

TEST_F(DrainTest, WaitsForTasksAndTheirCompletions) {
  bool is_told = false;
  ASSERT_TRUE(threads_
                  .Submit(
                      [](Task& task) {
                        while (!task.cancelled()) std::this_thread::yield();
                        return absl::OkStatus();
                      },
                      {.on_done = [&](const absl::Status&) { is_told = true; }})
                  .ok());
  drain_->Begin(kQuit);
  EXPECT_FALSE(drain_->is_done());
  drain_->AfterRound();
  while (!drain_->is_done()) ASSERT_TRUE(loop_->RunOnce(seconds(30)).ok());
  EXPECT_TRUE(is_told);
}

TEST_F(DrainTest, DoesNotWaitForTasksBeyondItsDeadline) {
  ASSERT_TRUE(threads_
                  .Submit(
                      [this](Task&) {
                        while (!threads_may_end_) std::this_thread::yield();
                        return absl::OkStatus();
                      },
                      {.outlasts_clients = true})
                  .ok());
  drain_->Begin(kQuit);
  drain_->AfterRound();
  EXPECT_FALSE(drain_->is_done());
  timers_.RunAt(kTimeout);
  EXPECT_TRUE(drain_->is_done());
  threads_may_end_ = true;
}

TEST_F(DrainTest, KeepsItsDeadlineWhenItBecomesAQuit) {
  const Connection connection = Hold();
  drain_->Begin(kDrain);
  timers_.RunAt(kTimeout / 2);
  drain_->Begin(kQuit);
  timers_.RunAt(kTimeout);
  EXPECT_TRUE(drain_->is_done());
}

}  // namespace
}  // namespace muster::worker
