#include "muster/worker/runtime/handoff/handoff_queue.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/origin/peer_address.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/handoff/handoff_outlet.h"
#include "muster/worker/runtime/handoff/handoff_queue_fixture.h"

namespace muster::worker {
namespace {

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
  const std::unique_ptr<HandoffParticipant> takers[] = {AddTaker(), AddTaker(), AddTaker(),
                                                        AddTaker()};
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

// That nobody has taken anything for long says nothing while nothing is on its way.
TEST_F(HandoffQueueTest, DoesNotTakeAtOnceWhatAnotherGiverHasJustGiven) {
  const auto run_for = [this](std::chrono::milliseconds time) {
    const auto end = loop::Clock::now() + time;
    ASSERT_TRUE(RunUntil([&] { return loop::Clock::now() >= end; }));
  };
  const auto taker = AddTaker();
  old_->StartGiving();
  Give(*old_, 1);
  ASSERT_TRUE(RunUntil([&] { return taker->adopted().size() == 1; }));
  taker->Die();
  const auto hung = Add(kServing);
  run_for(2 * HandoffOutlet::kPatience);
  const auto later = Add(kServing - 1);
  later->StartGiving();
  EXPECT_EQ(Give(*later, 3).size(), 0u);
  run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(old_->adopted().size() + later->adopted().size(), 0u);
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

// What comes back unsent is as what comes back out of the queue, for the service and for logs.
TEST_F(HandoffQueueTest, TakesConnectionsBackWithTheirOrigin) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  const std::size_t kept = Give(*old_, 1000, std::string(1000, ' ')).size();
  Connection named = old_->Hold(Served());
  named.origin = {
      .address = PeerAddress("\x0a\x01\x02\x03", 4711), .is_proxied = true, .listener = "public"};
  old_->queue().Give(std::move(named), "named");
  old_->queue().TakeBack();
  ASSERT_GT(old_->adopted().size(), 1u);
  const Origin& last = old_->adopted().back().connection.origin;
  EXPECT_EQ(last.address.ToStringWithPort(), "10.1.2.3:4711");
  EXPECT_TRUE(last.is_proxied);
  EXPECT_EQ(last.listener, "public");
  old_->adopted().pop_back();
  for (const AdoptedConnection& each : old_->adopted()) {
    EXPECT_EQ(each.connection.origin.address.family(), AF_UNIX);
    EXPECT_EQ(each.connection.origin.credentials->pid, ::getpid());
  }
  old_->queue().StartTakingAll();
  EXPECT_EQ(old_->adopted().size() + kept, 1000u);
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

// Clients may do so at any time.
TEST_F(HandoffQueueTest, SaysNothingOfAConnectionThatItsClientResetOnTheWay) {
  const ipc::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  ipc::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  const ipc::UniqueFd served(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  client.reset();
  pollfd end = {.fd = served.get(), .events = 0, .revents = 0};
  ASSERT_EQ(::poll(&end, 1, 30'000), 1);

  // What the log takes for standard error.
  const ipc::UniqueFd standard_error(::dup(STDERR_FILENO));
  ::testing::internal::CaptureStderr();
  log_ = *ErrorLog::Open({}, "test");
  const auto taker = AddTaker();
  SendRaw(Command::kAdopt, {served.get()});
  SendRaw(Command::kAdopt, {served_.get()});
  const bool is_taken = RunUntil([&] { return taker->adopted().size() == 1; });
  const std::string log = ::testing::internal::GetCapturedStderr();

  EXPECT_TRUE(is_taken);
  EXPECT_EQ(log, "");
  EXPECT_EQ(taker->stats().adopted, 2u);
  EXPECT_EQ(taker->stats().active, 1u);
}

TEST_F(HandoffQueueTest, PassesAStateThatIsLongerThanAMessage) {
  const auto taker = AddTaker();
  old_->StartGiving();
  ASSERT_EQ(old_->queue().MostStateBytes(), kMostHandoffMemoryBytes);
  const std::string longest_in_message(kMostHandoffStateBytes, 'm');
  const std::string longer(3'000'000, 's');
  EXPECT_TRUE(Give(*old_, 1, longest_in_message).empty());
  EXPECT_TRUE(Give(*old_, 1, longer).empty());
  ASSERT_TRUE(RunUntil([&] { return taker->adopted().size() == 2; }));
  EXPECT_TRUE(taker->adopted()[0].state == longest_in_message);
  EXPECT_TRUE(taker->adopted()[1].state == longer);
  EXPECT_TRUE(taker->adopted()[1].connection.fd.valid());
}

// The inodes of the memory for states that this process has open.
std::vector<ino_t> StatesInMemory() {
  std::vector<ino_t> inodes;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the descriptor of the iterator itself
    const std::string target = std::filesystem::read_symlink(entry.path(), gone);
    struct stat status;
    if (absl::StartsWith(target, "/memfd:muster-handoff") &&
        ::stat(entry.path().c_str(), &status) == 0) {
      inodes.push_back(status.st_ino);
    }
  }
  return inodes;
}

TEST_F(HandoffQueueTest, CopiesALongStateOnceHoweverOftenItTriesToSendIt) {
  const auto taker = Add(kServing);
  old_->StartGiving();
  // Until the queue is full.
  std::size_t given = 0;
  for (; StatesInMemory().empty() && given < 1000; ++given) {
    ASSERT_TRUE(Give(*old_, 1, std::string(kMostHandoffStateBytes + 1, 's')).empty());
  }
  const std::vector<ino_t> first = StatesInMemory();
  ASSERT_EQ(first.size(), 1u) << "the first that waits, and no other";
  // It tries again and again.
  const auto later = loop::Clock::now() + HandoffOutlet::kPatience / 4;
  ASSERT_TRUE(RunUntil([&] { return loop::Clock::now() >= later; }));
  EXPECT_EQ(StatesInMemory(), first);
  taker->StartTaking();
  ASSERT_TRUE(RunUntilSettled());
  EXPECT_EQ(taker->adopted().size() + old_->adopted().size(), given);
  EXPECT_TRUE(StatesInMemory().empty());
}

TEST_F(HandoffQueueTest, GivesNoLongStateWhileAWorkerIsThereThatCannotTakeIt) {
  const auto taker = AddTaker();
  const auto older = Add(kServing + 1);  // serves in a moment
  older->status().takes_memory.Clear();
  old_->StartGiving();
  EXPECT_EQ(old_->queue().MostStateBytes(), kMostHandoffStateBytes);
  older->status().started.Clear();
  older->status().capacity.Clear();  // it has ended
  EXPECT_EQ(old_->queue().MostStateBytes(), kMostHandoffMemoryBytes);
}

TEST_F(HandoffQueueTest, SaysWhenLongStatesAreTakenThatWereRefused) {
  const auto taker = AddTaker();
  const auto older = Add(kServing + 1);
  older->status().takes_memory.Clear();
  old_->StartGiving();
  EXPECT_EQ(old_->queue().MostStateBytes(), kMostHandoffStateBytes);
  RunWhatIsReady();
  EXPECT_EQ(old_->room(), 0);
  older->status().started.Clear();
  older->status().capacity.Clear();  // it has ended
  ASSERT_TRUE(RunUntil([this] { return old_->room() > 0; }));
  EXPECT_EQ(old_->queue().MostStateBytes(), kMostHandoffMemoryBytes);
  // Once.
  const auto later = loop::Clock::now() + HandoffOutlet::kPatience;
  ASSERT_TRUE(RunUntil([&] { return loop::Clock::now() >= later; }));
  EXPECT_EQ(old_->room(), 1);
}

TEST_F(HandoffQueueTest, TakesALongStateBackWhenAWorkerHasComeThatCannotTakeIt) {
  const auto taker = AddTaker();
  old_->StartGiving();
  const auto older = Add(kServing + 1);
  older->status().takes_memory.Set(older->status().started.value() + 1);  // of a program before it
  EXPECT_TRUE(Give(*old_, 1, std::string(kMostHandoffStateBytes + 1, 's')).empty());
  ASSERT_TRUE(RunUntil([&] { return old_->adopted().size() == 1; }));
  EXPECT_EQ(old_->adopted()[0].state.size(), kMostHandoffStateBytes + 1);
  EXPECT_TRUE(taker->adopted().empty());
}

TEST_F(HandoffQueueTest, RefusesAStateInMemoryThatCouldBeChanged) {
  const auto taker = AddTaker();
  const ipc::UniqueFd unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  SendRaw(Command::kAdopt, {served_.get(), unsealed.get()}, kStateInMemory);
  SendRaw(Command::kAdopt, {served_.get()}, kStateInMemory);
  SendRaw(Command::kAdopt, {served_.get()});
  ASSERT_TRUE(RunUntil([&] { return taker->adopted().size() == 1; }));
  EXPECT_EQ(taker->stats().adopted, 1u);
}

}  // namespace
}  // namespace muster::worker
