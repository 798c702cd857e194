#include "muster/master/process/command_queue.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using loop::RunUntil;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using worker::Command;

// A queue whose callbacks note what they are told, and the end from which a worker would receive.
class Sender {
 public:
  Sender() : queue_(*loop_, pair_.first, 7, Callbacks()) {}

  // Messages that nobody receives, until the channel is full and the queue has one.
  void Fill() {
    const std::string large(60'000, 'x');
    while (!watches_room_) queue_.Send(Command::kReopen, 1, large, {});
  }
  // The commands that have arrived.
  std::vector<Command> ReceiveAll() {
    std::vector<Command> commands;
    ipc::ReceivedMessage message;
    while (*pair_.second.TryReceive(&message) == ipc::ReceiveOutcome::kReceived) {
      commands.push_back(message.command_as<Command>());
    }
    return commands;
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  ipc::Channel::Pair pair_ = *ipc::Channel::CreatePair();
  std::vector<int> signals_;
  std::vector<std::string> problems_;
  std::vector<std::string> losses_;
  bool watches_room_ = false;
  CommandQueue queue_;

 private:
  CommandQueue::Callbacks Callbacks() {
    CommandQueue::Callbacks callbacks;
    callbacks.signal = [this](int signal) { signals_.push_back(signal); };
    callbacks.complain = [this](const std::string& problem) { problems_.push_back(problem); };
    callbacks.lost = [this](const std::string& reason) { losses_.push_back(reason); };
    callbacks.watch_room = [this](bool is_watched) { watches_room_ = is_watched; };
    return callbacks;
  }
};

TEST(CommandQueue, SendsAtOnceWhatTheChannelTakes) {
  Sender sender;
  sender.queue_.Send(Command::kDrain, 0, "", {});
  EXPECT_THAT(sender.ReceiveAll(), ElementsAre(Command::kDrain));
  EXPECT_THAT(sender.signals_, IsEmpty());
}

TEST(CommandQueue, SendsTheRestInOrderWhenThereIsRoom) {
  Sender sender;
  sender.Fill();
  sender.queue_.Send(Command::kDrain, 0, "", {});
  sender.queue_.Send(Command::kTerminate, 0, "", {});
  sender.ReceiveAll();
  sender.queue_.SendQueued();
  EXPECT_FALSE(sender.watches_room_);
  EXPECT_THAT(sender.ReceiveAll(),
              ElementsAre(Command::kReopen, Command::kDrain, Command::kTerminate));
  EXPECT_THAT(sender.signals_, IsEmpty());
}

TEST(CommandQueue, SendsTheSignalOfEachCommandWhileTheChannelIsFullForLong) {
  Sender sender;
  sender.Fill();
  sender.queue_.Send(Command::kDrain, 0, "", {});
  EXPECT_THAT(sender.signals_, IsEmpty());
  ASSERT_TRUE(RunUntil(*sender.loop_, [&] { return !sender.signals_.empty(); }));
  EXPECT_THAT(sender.signals_, ElementsAre(SIGUSR1, SIGQUIT)) << "of those in the queue";
  sender.queue_.Send(Command::kQuit, 0, "", {});
  sender.queue_.Send(Command::kTerminate, 0, "", {});
  EXPECT_THAT(sender.signals_, ElementsAre(SIGUSR1, SIGQUIT, SIGQUIT, SIGTERM));
}

TEST(CommandQueue, SendsNoSignalsAnyMoreOnceTheChannelHasEmptied) {
  Sender sender;
  sender.Fill();
  ASSERT_TRUE(RunUntil(*sender.loop_, [&] { return !sender.signals_.empty(); }));
  sender.ReceiveAll();
  sender.queue_.SendQueued();
  sender.signals_.clear();
  sender.queue_.Send(Command::kTerminate, 0, "", {});
  EXPECT_THAT(sender.signals_, IsEmpty());
}

TEST(CommandQueue, SendsSignalsForWhatItHasNoPlaceFor) {
  Sender sender;
  sender.Fill();
  for (int i = 0; i < 100; ++i) sender.queue_.Send(Command::kReopen, 2, "", {});
  EXPECT_FALSE(sender.signals_.empty());
}

TEST(CommandQueue, SendsSignalsWhenTheChannelIsGone) {
  Sender sender;
  { const ipc::UniqueFd closed = std::move(sender.pair_.second).Release(); }
  sender.queue_.Send(Command::kDrain, 0, "", {});
  sender.queue_.Close();
  sender.queue_.Send(Command::kTerminate, 0, "", {});
  EXPECT_THAT(sender.signals_, ElementsAre(SIGQUIT, SIGTERM));
}

TEST(CommandQueue, TellsWhatIsLostWhenItMayOpenNoMoreDescriptors) {
  Sender sender;
  sender.Fill();
  const ipc::UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sender.queue_.Send(Command::kHello, 0, "", {file.get()});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_EQ(sender.losses_.size(), 1u);
  EXPECT_THAT(sender.losses_[0], HasSubstr("HELLO could not be sent to it: "));
  EXPECT_THAT(sender.losses_[0], HasSubstr("Too many open files"));
}

// The limit is RLIMIT_NOFILE of the sender, for all descriptors of its user. The machine's root has
// none, and becomes nobody; root of a user namespace may be unable to, and need not.
class Crowd {
 public:
  // Puts descriptors into messages until the kernel refuses more. 0; or 77: it never does, for this
  // user; or 1.
  int Fill() {
    [[maybe_unused]] const int result = ::setresuid(65534, 65534, 65534);
    const rlimit few = {40, 40};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 77;
    const std::vector<int> fds(ipc::kMaxChannelFds, pair_.first.fd());
    for (int sent = 0; sent < 10; ++sent) {
      const auto outcome = pair_.first.TrySend({.fds = fds});
      if (!outcome.ok()) return 1;
      if (*outcome == ipc::SendOutcome::kTryLater) return 0;
      if (*outcome != ipc::SendOutcome::kSent) return 1;
    }
    return 77;
  }
  void Disperse() {
    ipc::ReceivedMessage message;
    while (*pair_.second.TryReceive(&message) == ipc::ReceiveOutcome::kReceived) {
    }
  }

 private:
  ipc::Channel::Pair pair_ = *ipc::Channel::CreatePair();
};

TEST(CommandQueue, TriesAgainWhileTooManyDescriptorsAreInFlight) {
  ipc::ForkedChild child([] {
    Crowd crowd;
    if (const int code = crowd.Fill(); code != 0) return code;
    Sender sender;
    sender.queue_.Send(Command::kHello, 0, "", {sender.pair_.first.fd()});
    if (sender.problems_.size() != 1 ||
        sender.problems_[0].find("ETOOMANYREFS") == std::string::npos) {
      return 2;
    }
    // The socket is writable: to wait for that would be to turn round and round.
    if (sender.watches_room_) return 3;
    crowd.Disperse();
    std::vector<Command> arrived;
    const bool has_arrived = RunUntil(*sender.loop_, [&] {
      arrived = sender.ReceiveAll();
      return !arrived.empty();
    });
    return has_arrived && sender.losses_.empty() ? 0 : 4;
  });
  const int code = child.Join();
  if (code == 77) GTEST_SKIP() << "this user has no such limit";
  EXPECT_EQ(code, 0);
}

TEST(CommandQueue, TellsWhatIsLostWhileTooManyDescriptorsAreInFlight) {
  ipc::ForkedChild child([] {
    Crowd crowd;
    if (const int code = crowd.Fill(); code != 0) return code;
    Sender sender;
    sender.queue_.Send(Command::kHello, 0, "", {sender.pair_.first.fd()});
    const bool is_lost = RunUntil(*sender.loop_, [&] { return !sender.losses_.empty(); });
    return is_lost && sender.losses_[0].find("ETOOMANYREFS") != std::string::npos ? 0 : 2;
  });
  const int code = child.Join();
  if (code == 77) GTEST_SKIP() << "this user has no such limit";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace muster::master
