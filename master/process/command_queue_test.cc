#include "muster/master/process/command_queue.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using loop::RunUntil;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using worker::Command;

// A queue whose callbacks note what they are told, and the end from which a worker would receive.
class Sender {
 public:
  Sender() : queue_(*loop_, &pair_.first, 7, Callbacks()) {}

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
  std::vector<std::pair<std::uint32_t, std::string>> unsent_;
  bool watches_room_ = false;
  CommandQueue queue_;

 private:
  CommandQueue::Callbacks Callbacks() {
    CommandQueue::Callbacks callbacks;
    callbacks.signal = [this](int signal) { signals_.push_back(signal); };
    callbacks.complain = [this](const std::string& problem) { problems_.push_back(problem); };
    callbacks.lost = [this](const std::string& reason) { losses_.push_back(reason); };
    callbacks.unsent = [this](std::uint32_t sequence, const std::string& reason) {
      unsent_.emplace_back(sequence, reason);
    };
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
  for (int i = 0; i < 100; ++i) sender.queue_.Send(Command::kQuit, 2, "", {});
  EXPECT_FALSE(sender.signals_.empty());
  EXPECT_THAT(sender.unsent_, IsEmpty());
}

TEST(CommandQueue, TellsOfAReopenForWhichItHasNoPlace) {
  Sender sender;
  sender.Fill();
  while (sender.signals_.empty()) sender.queue_.Send(Command::kQuit, 2, "", {});
  sender.queue_.Send(Command::kReopen, 3, "", {});
  EXPECT_EQ(sender.signals_.back(), SIGUSR1);
  EXPECT_THAT(sender.unsent_, ElementsAre(Pair(3, "64 messages to it wait, and it reads none")));
}

TEST(CommandQueue, TellsOfAReopenThatCannotBeSent) {
  Sender sender;
  sender.queue_.Send(Command::kReopen, 3, std::string(ipc::kMaxChannelPayloadBytes + 1, 'x'), {});
  EXPECT_THAT(sender.unsent_, ElementsAre(Pair(3, HasSubstr("REOPEN could not be sent to it: "))));
  EXPECT_THAT(sender.signals_, ElementsAre(SIGUSR1));
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

TEST(CommandQueue, SendsInAnotherProgramWhatTheChannelDidNotTake) {
  Sender sender;
  sender.Fill();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ipc::UniqueFd reader(ends[0]);
  ipc::UniqueFd writer(ends[1]);
  sender.queue_.Send(Command::kZones, 0, "with a descriptor", {&ends[1], 1});
  sender.queue_.Send(Command::kDrain, 9, "", {});
  writer.reset();
  DescriptorKeep keep;
  const state::v1::CommandQueueState state = sender.queue_.Save(keep);
  DescriptorInheritance inheritance(keep.numbers());

  bool watches_room = false;
  CommandQueue next(*sender.loop_, &sender.pair_.first, 7,
                    {.signal = nullptr,
                     .complain = nullptr,
                     .lost = nullptr,
                     .unsent = nullptr,
                     .watch_room = [&](bool is_watched) { watches_room = is_watched; }});
  const absl::Status status = next.Restore(state, inheritance);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(watches_room);
  next.Begin();
  EXPECT_TRUE(watches_room);
  // Those of the channel, and then those of the queue: the first one is of Fill.
  sender.ReceiveAll();
  next.SendQueued();
  EXPECT_FALSE(watches_room);
  ipc::ReceivedMessage message;
  ASSERT_EQ(*sender.pair_.second.TryReceive(&message), ipc::ReceiveOutcome::kReceived);
  ASSERT_EQ(*sender.pair_.second.TryReceive(&message), ipc::ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command_as<Command>(), Command::kZones);
  EXPECT_EQ(message.payload, "with a descriptor");
  ASSERT_EQ(message.fds.size(), 1u);
  ASSERT_EQ(::write(message.fds[0].get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
  ASSERT_EQ(*sender.pair_.second.TryReceive(&message), ipc::ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command_as<Command>(), Command::kDrain);
  EXPECT_EQ(message.sequence, 9u);
  EXPECT_EQ(message.slot, 7);
}

TEST(CommandQueue, LosesItsPatienceInAnotherProgramWhenItWouldHaveLostIt) {
  Sender sender;
  sender.Fill();
  sender.queue_.Send(Command::kQuit, 0, "", {});
  DescriptorKeep keep;
  const state::v1::CommandQueueState state = sender.queue_.Save(keep);
  DescriptorInheritance inheritance(keep.numbers());
  std::vector<int> signals;
  CommandQueue next(*sender.loop_, &sender.pair_.first, 7,
                    {.signal = [&](int signal) { signals.push_back(signal); },
                     .complain = nullptr,
                     .lost = nullptr,
                     .unsent = nullptr,
                     .watch_room = [](bool) {}});
  ASSERT_TRUE(next.Restore(state, inheritance).ok());
  next.Begin();
  ASSERT_TRUE(RunUntil(*sender.loop_, [&] { return !signals.empty(); }));
  // Of REOPEN and of QUIT.
  EXPECT_THAT(signals, ElementsAre(SIGUSR1, SIGQUIT));
  // It sends signals at once from now on, also in a third program.
  CommandQueue third(*sender.loop_, &sender.pair_.first, 7,
                     {.signal = [&](int signal) { signals.push_back(signal); },
                      .complain = nullptr,
                      .lost = nullptr,
                      .unsent = nullptr,
                      .watch_room = [](bool) {}});
  DescriptorInheritance again(keep.numbers());
  ASSERT_TRUE(third.Restore(next.Save(keep), again).ok());
  third.Begin();
  signals.clear();
  third.Send(Command::kTerminate, 0, "", {});
  EXPECT_THAT(signals, ElementsAre(SIGTERM));
}

TEST(CommandQueue, RefusesCommandsThatThereAreNot) {
  const auto restore = [](std::uint32_t number, const ipc::Channel* channel) {
    const std::unique_ptr<loop::EventLoop> loop = *loop::EventLoop::Create();
    CommandQueue queue(*loop, channel, 7, {});
    state::v1::CommandQueueState state;
    state.add_commands()->set_command(number);
    DescriptorInheritance inheritance({});
    return std::string(queue.Restore(state, inheritance).message());
  };
  const ipc::Channel::Pair pair = *ipc::Channel::CreatePair();
  const auto drain = static_cast<std::uint32_t>(Command::kDrain);
  EXPECT_EQ(restore(drain, &pair.first), "");
  EXPECT_EQ(restore(77, &pair.first), "commands[0].command: is 77, which is no command");
  EXPECT_EQ(restore(drain + (1 << 16), &pair.first),
            "commands[0].command: is 65552, which is no command");
  EXPECT_EQ(restore(drain, nullptr), "commands: are there without a channel");
}

}  // namespace
}  // namespace muster::master
