#include "muster/worker/runtime/master_channel.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/channel/channel.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/error_log.h"

namespace muster::worker {
namespace {

class MasterChannelTest : public ::testing::Test {
 protected:
  MasterChannelTest()
      : loop_(*loop::EventLoop::Create()),
        log_(*ErrorLog::Open(config::v1::Log(), "test")),
        pair_(*ipc::Channel::CreatePair()) {}

  // Both ends are this process's, so it is its own master.
  std::unique_ptr<MasterChannel> MakeChannel(pid_t master = ::getpid()) {
    MasterChannel::Callbacks callbacks;
    callbacks.message = [this](const ipc::ReceivedMessage& message) {
      received_.push_back(message.payload);
    };
    callbacks.gone = [this] { ++gone_; };
    auto channel =
        MasterChannel::Create({*loop_, log_, pair_.second}, master, 3, std::move(callbacks));
    EXPECT_TRUE(channel.ok()) << channel.status();
    return *std::move(channel);
  }

  void SendToWorker(const std::string& payload) {
    ipc::Message message;
    message.command = ipc::CommandNumber(Command::kReopen);
    message.payload = payload;
    ASSERT_TRUE(pair_.first.Send(message).ok());
  }

  std::unique_ptr<loop::EventLoop> loop_;
  ErrorLog log_;
  ipc::Channel::Pair pair_;
  std::vector<std::string> received_;
  int gone_ = 0;
};

TEST_F(MasterChannelTest, DeliversMessagesInOrder) {
  const auto channel = MakeChannel();
  SendToWorker("a");
  SendToWorker("b");
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_EQ(received_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(MasterChannelTest, IgnoresWhatIsNotFromTheMaster) {
  const auto channel = MakeChannel(::getpid() + 1);
  SendToWorker("a");
  ASSERT_TRUE(loop_->RunOnce().ok());
  EXPECT_TRUE(received_.empty());
  EXPECT_EQ(gone_, 0);
}

TEST_F(MasterChannelTest, TellsTheEndOnceAndAfterTheLastMessage) {
  const auto channel = MakeChannel();
  SendToWorker("last");
  (void)std::move(pair_.first).Release();
  while (gone_ == 0) ASSERT_TRUE(loop_->RunOnce().ok());
  ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok());
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(received_, std::vector<std::string>{"last"});
}

TEST_F(MasterChannelTest, SendsWhatDidNotFitWhenThereIsRoom) {
  constexpr int kMessages = 3000;
  const auto channel = MakeChannel();
  for (int i = 0; i < kMessages; ++i) channel->Send(Command::kAck, absl::StrCat(i));
  ipc::ReceivedMessage message;
  for (int i = 0; i < kMessages; ++i) {
    for (;;) {
      const auto outcome = pair_.first.TryReceive(&message);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      if (*outcome == ipc::ReceiveOutcome::kReceived) break;
      ASSERT_TRUE(loop_->RunOnce().ok());
    }
    ASSERT_EQ(message.payload, absl::StrCat(i));
  }
}

TEST_F(MasterChannelTest, SaysWhoSends) {
  const auto channel = MakeChannel();
  channel->Send(Command::kAck, "", 42);
  ipc::ReceivedMessage message;
  ASSERT_TRUE(pair_.first.TryReceive(&message).ok());
  EXPECT_EQ(message.command_as<Command>(), Command::kAck);
  EXPECT_EQ(message.sequence, 42u);
  EXPECT_EQ(message.slot, 3);
  EXPECT_EQ(message.pid, ::getpid());
}

}  // namespace
}  // namespace muster::worker
