#include "muster/worker/runtime/handoff/handoff_queue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/clock.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/handoff/handoff_board.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {
namespace {

constexpr std::uint64_t kServing = 5;

struct Adopted {
  Connection connection;
  std::string state;
};

// A worker, as far as the queue knows of one.
class Participant {
 public:
  Participant(loop::EventLoop& loop, const ErrorLog& log, const ipc::Channel::Pair& ends,
              const SharedZone& zone, std::uint64_t generation, std::uint32_t capacity)
      : zone_(zone), tag_(*zone.Reserve()), board_(zone, tag_.slot(), generation, capacity) {
    status().generation.Set(static_cast<std::int64_t>(generation));
    HandoffQueue::Callbacks callbacks;
    callbacks.adopt = [this](Connection connection, std::string state) {
      adopted_.push_back({std::move(connection), std::move(state)});
    };
    callbacks.room = [this] { ++room_; };
    callbacks.measure_capacity = [this, capacity] {
      ++measured_;
      return capacity;
    };
    auto queue = HandoffQueue::Create({loop, log, connections_, slot(), board_},
                                      *ipc::DuplicateFd(ends.first.fd()),
                                      *ipc::DuplicateFd(ends.second.fd()), std::move(callbacks));
    EXPECT_TRUE(queue.ok()) << queue.status();
    queue_ = *std::move(queue);
  }

  void StartTaking() {
    status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
    EXPECT_TRUE(queue_->StartTaking().ok());
  }
  void StartGiving() {
    status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kDraining));
    queue_->StartGiving();
  }
  Connection Hold(ipc::UniqueFd fd) {
    Connection connection;
    connection.fd = std::move(fd);
    connection.lease = connections_.Take();
    return connection;
  }
  HandoffQueue& queue() { return *queue_; }
  void Die() {
    queue_.reset();
    adopted_.clear();
    RecoverSlot(zone_, tag_);
  }
  std::vector<Adopted>& adopted() { return adopted_; }
  StatsValues stats() const { return ReadStats(zone_.stats(tag_.slot())); }
  int room() const { return room_; }
  int measured() const { return measured_; }
  WorkerStatus& status() { return zone_.worker_status(tag_.slot()); }

 private:
  SlotStats& slot() { return zone_.stats(tag_.slot()); }

  const SharedZone& zone_;
  const ipc::OwnerTag tag_;
  HandoffBoard board_;
  ConnectionCount connections_{slot().active};
  std::vector<Adopted> adopted_;
  int room_ = 0;
  int measured_ = 0;
  std::unique_ptr<HandoffQueue> queue_;
};

class HandoffQueueTest : public ::testing::Test {
 protected:
  HandoffQueueTest() {
    zone_.master_status().generation.Set(kServing);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_.reset(ends[0]);
    served_.reset(ends[1]);
  }

  std::unique_ptr<Participant> Add(std::uint64_t generation, std::uint32_t capacity = 4096) {
    return std::make_unique<Participant>(*loop_, log_, ends_, zone_, generation, capacity);
  }
  std::unique_ptr<Participant> AddTaker(std::uint32_t capacity = 4096) {
    auto taker = Add(kServing, capacity);
    taker->StartTaking();
    return taker;
  }
  ipc::UniqueFd Served() const { return *ipc::DuplicateFd(served_.get()); }
  // As a service does; returns what it keeps.
  std::vector<Connection> Give(Participant& giver, int count,
                               const std::string& state = std::string()) const {
    std::vector<Connection> kept;
    for (int i = 0; i < count; ++i) {
      Connection connection = giver.Hold(Served());
      if (giver.queue().HasRoom()) {
        giver.queue().Give(std::move(connection), state);
      } else {
        kept.push_back(std::move(connection));
      }
    }
    return kept;
  }
  // False: it was not so within 20 seconds.
  bool RunUntil(const std::function<bool()>& is_done) {
    const auto deadline = loop::Clock::now() + std::chrono::seconds(20);
    while (!is_done()) {
      if (loop::Clock::now() > deadline) return false;
      EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(1)).ok());
    }
    return true;
  }
  bool IsSettled() { return old_->queue().is_settled(); }
  bool RunUntilSettled() {
    return RunUntil([this] { return IsSettled(); });
  }
  void RunWhatIsReady() {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok());
  }
  // What a broken peer might put into the queue.
  void SendRaw(Command command, const std::vector<int>& fds) const {
    ipc::Message message;
    message.command = ipc::CommandNumber(command);
    message.fds = fds;
    ASSERT_TRUE(ends_.second.TrySend(message).ok());
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  ErrorLog log_ = *ErrorLog::Open({}, "test");
  SharedZone zone_ = *SharedZone::Create(16);
  ipc::Channel::Pair ends_ = *ipc::Channel::CreatePair();
  std::unique_ptr<Participant> old_ = Add(kServing - 1);
  ipc::UniqueFd client_;
  ipc::UniqueFd served_;
};

TEST_F(HandoffQueueTest, MovesAConnectionWithItsState) {
  const auto taker = AddTaker();
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 1, "state").empty());
  EXPECT_EQ(old_->stats().active, 0u);
  ASSERT_TRUE(RunUntilSettled());
  ASSERT_EQ(taker->adopted().size(), 1u);
  EXPECT_EQ(taker->adopted()[0].state, "state");
  EXPECT_EQ(taker->stats().active, 1u);
  EXPECT_EQ(old_->stats().handed_off, 1u);
  EXPECT_EQ(taker->stats().adopted, 1u);
  ASSERT_EQ(::send(client_.get(), "x", 1, 0), 1);
  char byte = 0;
  ASSERT_EQ(::recv(taker->adopted()[0].connection.fd.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(HandoffQueueTest, TakesNothingBeforeItStarts) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 1).empty());
  RunWhatIsReady();
  EXPECT_TRUE(taker->adopted().empty());
  taker->StartTaking();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size(), 1u);
}

TEST_F(HandoffQueueTest, TakesNothingWhileAnotherGenerationServes) {
  const auto taker = AddTaker();
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 1).empty());
  zone_.master_status().generation.Set(kServing + 1);
  RunWhatIsReady();
  EXPECT_TRUE(taker->adopted().empty());
}

TEST_F(HandoffQueueTest, GivesWhatADeadWorkerDidNotTakeToAnother) {
  const auto dead = Add(kServing);
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 1).empty());
  dead->Die();
  const auto taker = AddTaker();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size(), 1u);
}

TEST_F(HandoffQueueTest, LosesNothingWhenItIsFull) {
  constexpr std::size_t kMany = 1000;
  const auto taker = Add(kServing);
  old_->StartGiving();
  const std::vector<Connection> kept = Give(*old_, kMany, std::string(1000, ' '));
  // Some of what was given waits for the queue, and counts as its own.
  EXPECT_GT(old_->stats().active, kept.size());
  taker->StartTaking();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size() + kept.size(), kMany);
  EXPECT_EQ(old_->stats().active, kept.size());
}

TEST_F(HandoffQueueTest, SharesConnectionsEvenly) {
  const std::unique_ptr<Participant> takers[] = {AddTaker(), AddTaker(), AddTaker(), AddTaker()};
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 200).empty());
  ASSERT_TRUE(RunUntilSettled());
  for (const auto& taker : takers) EXPECT_LE(taker->adopted().size(), 63u);
}

TEST_F(HandoffQueueTest, SharesConnectionsWithOneThatServesInAMoment) {
  const auto early = AddTaker();
  const auto late = Add(kServing);
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 32).empty());
  RunWhatIsReady();
  EXPECT_LE(early->adopted().size(), 2u);
  late->StartTaking();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_LE(early->adopted().size(), 20u);
  EXPECT_LE(late->adopted().size(), 20u);
}

TEST_F(HandoffQueueTest, DoesNotWaitForATakerThatHangs) {
  const auto hung = Add(kServing);
  const auto taker = AddTaker();
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 32).empty());
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size(), 32u);
}

TEST_F(HandoffQueueTest, KeepsWhatNobodyHasRoomFor) {
  const auto taker = AddTaker(30);
  old_->StartGiving();
  std::vector<Connection> kept = Give(*old_, 100);
  EXPECT_EQ(kept.size(), 70u);
  EXPECT_EQ(old_->queue().kept(), 70u);
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size(), 30u);
  EXPECT_EQ(old_->room(), 0);
  // Two clients of the taker leave.
  taker->adopted().resize(28);
  EXPECT_TRUE(RunUntil([this] { return old_->room() == 1; }));
  kept.resize(68);
  EXPECT_EQ(Give(*old_, 2).size(), 0u);
  EXPECT_FALSE(old_->queue().HasRoom());
}

TEST_F(HandoffQueueTest, GivesNoMoreThanThereIsRoomForTogetherWithOtherGivers) {
  const auto taker = AddTaker(100);
  const auto also_old = Add(kServing - 1);
  old_->StartGiving();
  also_old->StartGiving();
  const std::size_t kept = Give(*old_, 80).size() + Give(*also_old, 80).size();
  EXPECT_EQ(kept, 60u);
}

TEST_F(HandoffQueueTest, KeepsEverythingIfNobodyTakes) {
  old_->StartGiving();
  EXPECT_EQ(Give(*old_, 10).size(), 10u);
}

TEST_F(HandoffQueueTest, ReturnsToTheGiverWhatNobodyTakes) {
  const auto hung = Add(kServing);
  old_->StartGiving();
  const std::size_t kept = Give(*old_, 1000).size();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(old_->adopted().size() + kept, 1000u);
  EXPECT_FALSE(old_->queue().HasRoom());
  // One is enough to see whether somebody takes again.
  EXPECT_TRUE(RunUntil([this] { return old_->room() == 1; }));
  EXPECT_EQ(Give(*old_, 10).size(), 9u);
  hung->StartTaking();
  ASSERT_TRUE(RunUntil([this] { return old_->room() == 2; }));
  EXPECT_EQ(Give(*old_, 10).size(), 0u);
}

TEST_F(HandoffQueueTest, TakesEverythingOnceNobodyElseWill) {
  const auto taker = Add(kServing, 10);
  old_->StartGiving();
  Give(*old_, 10);
  const auto later = Add(kServing - 1);
  later->StartGiving();
  taker->queue().StartTakingAll();
  EXPECT_EQ(taker->adopted().size(), 10u);
  later->queue().Give(later->Hold(Served()), "later");
  EXPECT_TRUE(RunUntil([&] { return taker->adopted().size() == 11; }));
}

TEST_F(HandoffQueueTest, TakesBackWhatItCouldNotSend) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  const std::size_t kept = Give(*old_, 1000, std::string(1000, ' ')).size();
  old_->queue().StartTakingAll();
  const std::size_t from_queue = old_->adopted().size();
  old_->queue().TakeBack();
  EXPECT_GT(old_->adopted().size(), from_queue);
  EXPECT_EQ(old_->adopted().size() + kept, 1000u);
}

TEST_F(HandoffQueueTest, LeavesInTheQueueWhatItHasNoDescriptorFor) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  EXPECT_TRUE(Give(*old_, 3, "state").empty());
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  const ipc::UniqueFd highest = Served();
  limit.rlim_cur = static_cast<rlim_t>(highest.get()) + 2;  // there is one more
  // The sanitizer needs a descriptor the first time that it looks at an object of a class.
  RunWhatIsReady();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  taker->StartTaking();
  RunWhatIsReady();
  EXPECT_LE(taker->adopted().size(), 1u);
  EXPECT_EQ(taker->status().capacity.value(), 1 + static_cast<int>(taker->adopted().size()));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(RunUntil([&] { return taker->measured() == 2; }));
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size() + old_->adopted().size(), 3u);
}

TEST_F(HandoffQueueTest, RefusesWhatIsNoConnectionAndGoesOn) {
  const auto taker = AddTaker();
  old_->StartGiving();
  const ipc::UniqueFd unconnected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SendRaw(Command::kAdopt, {});
  SendRaw(Command::kAdopt, {served_.get(), served_.get()});
  SendRaw(Command::kQuit, {served_.get()});
  SendRaw(Command::kAdopt, {unconnected.get()});
  EXPECT_TRUE(Give(*old_, 1, "good").empty());
  ASSERT_TRUE(RunUntilSettled());
  ASSERT_EQ(taker->adopted().size(), 1u);
  EXPECT_EQ(taker->adopted()[0].state, "good");
  EXPECT_EQ(taker->stats().active, 1u);
}

}  // namespace
}  // namespace muster::worker
