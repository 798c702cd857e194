#include "muster/worker/runtime/handoff_queue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

struct Adopted {
  Connection connection;
  std::string state;
};

// A worker, as far as the queue knows of one.
class Participant {
 public:
  Participant(loop::EventLoop& loop, const ErrorLog& log, const ipc::Channel::Pair& ends)
      : connections_(stats_.active) {
    auto queue = HandoffQueue::Create(
        {loop, log, connections_, stats_}, *ipc::DuplicateFd(ends.first.fd()),
        *ipc::DuplicateFd(ends.second.fd()), [this](Connection connection, std::string state) {
          adopted_.push_back({std::move(connection), std::move(state)});
        });
    EXPECT_TRUE(queue.ok()) << queue.status();
    queue_ = *std::move(queue);
    EXPECT_TRUE(queue_->StartTaking().ok());
  }

  Connection Hold(ipc::UniqueFd fd) {
    Connection connection;
    connection.fd = std::move(fd);
    connection.lease = connections_.Take();
    return connection;
  }
  HandoffQueue& queue() { return *queue_; }
  void Die() { queue_.reset(); }
  std::vector<Adopted>& adopted() { return adopted_; }
  StatsValues stats() const { return ReadStats(stats_); }

 private:
  SlotStats stats_;
  ConnectionCount connections_;
  std::vector<Adopted> adopted_;
  std::unique_ptr<HandoffQueue> queue_;
};

class HandoffQueueTest : public ::testing::Test {
 protected:
  HandoffQueueTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_.reset(ends[0]);
    served_.reset(ends[1]);
  }

  ipc::UniqueFd Served() const { return *ipc::DuplicateFd(served_.get()); }
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
  ipc::Channel::Pair ends_ = *ipc::Channel::CreatePair();
  Participant old_{*loop_, log_, ends_};
  Participant new_{*loop_, log_, ends_};
  ipc::UniqueFd client_;
  ipc::UniqueFd served_;
};

TEST_F(HandoffQueueTest, MovesAConnectionWithItsState) {
  old_.queue().StopTaking();
  old_.queue().Give(old_.Hold(Served()), "state");
  EXPECT_EQ(old_.stats().active, 0u);
  RunWhatIsReady();
  ASSERT_EQ(new_.adopted().size(), 1u);
  EXPECT_EQ(new_.adopted()[0].state, "state");
  EXPECT_EQ(new_.stats().active, 1u);
  EXPECT_EQ(old_.stats().handed_off, 1u);
  EXPECT_EQ(new_.stats().adopted, 1u);
  ASSERT_EQ(::send(client_.get(), "x", 1, 0), 1);
  char byte = 0;
  ASSERT_EQ(::recv(new_.adopted()[0].connection.fd.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(HandoffQueueTest, TakesNothingBeforeItStarts) {
  old_.queue().StopTaking();
  new_.queue().StopTaking();
  old_.queue().Give(old_.Hold(Served()), "state");
  RunWhatIsReady();
  EXPECT_TRUE(new_.adopted().empty());
  ASSERT_TRUE(new_.queue().StartTaking().ok());
  RunWhatIsReady();
  EXPECT_EQ(new_.adopted().size(), 1u);
}

TEST_F(HandoffQueueTest, GivesWhatADeadWorkerDidNotTakeToAnother) {
  old_.queue().StopTaking();
  new_.Die();
  old_.queue().Give(old_.Hold(Served()), "state");
  RunWhatIsReady();
  Participant another(*loop_, log_, ends_);
  RunWhatIsReady();
  EXPECT_EQ(another.adopted().size(), 1u);
}

TEST_F(HandoffQueueTest, LosesNothingWhenItIsFull) {
  constexpr std::size_t kMany = 1000;
  old_.queue().StopTaking();
  new_.queue().StopTaking();
  for (std::size_t i = 0; i < kMany; ++i) {
    old_.queue().Give(old_.Hold(Served()), absl::StrCat(i, std::string(1000, ' ')));
  }
  EXPECT_GT(old_.stats().active, 0u);
  Participant another(*loop_, log_, ends_);
  RunWhatIsReady();
  ASSERT_EQ(another.adopted().size(), kMany);
  EXPECT_EQ(another.adopted().back().state, absl::StrCat(kMany - 1, std::string(1000, ' ')));
  EXPECT_EQ(old_.stats().active, 0u);
}

TEST_F(HandoffQueueTest, TakesBackWhatNobodyWillTake) {
  old_.queue().StopTaking();
  new_.queue().StopTaking();
  for (int i = 0; i < 1000; ++i) old_.queue().Give(old_.Hold(Served()), std::string(1000, ' '));
  const std::uint64_t unsent = old_.stats().active;
  old_.queue().TakeBack();
  new_.queue().TakeAll();
  EXPECT_EQ(old_.adopted().size(), unsent);
  EXPECT_EQ(old_.adopted().size() + new_.adopted().size(), 1000u);
}

TEST_F(HandoffQueueTest, RefusesWhatIsNoConnectionAndGoesOn) {
  old_.queue().StopTaking();
  const ipc::UniqueFd unconnected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SendRaw(Command::kAdopt, {});
  SendRaw(Command::kAdopt, {served_.get(), served_.get()});
  SendRaw(Command::kQuit, {served_.get()});
  SendRaw(Command::kAdopt, {unconnected.get()});
  old_.queue().Give(old_.Hold(Served()), "good");
  RunWhatIsReady();
  ASSERT_EQ(new_.adopted().size(), 1u);
  EXPECT_EQ(new_.adopted()[0].state, "good");
  EXPECT_EQ(new_.stats().active, 1u);
}

}  // namespace
}  // namespace muster::worker
