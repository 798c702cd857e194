#include "muster/ipc/channel/channel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/test_pair.h"
#include "muster/ipc/testing/forked_child.h"

namespace {
int allocations = 0;
}  // namespace

// Not inlined: the compiler would see malloc here and miss its free there.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace muster::ipc {
namespace {

enum class Order : std::uint16_t { kHello = 1, kQuit = 513 };

UniqueFd MakeMemfd() { return UniqueFd(::memfd_create("test", MFD_CLOEXEC)); }

TEST(Channel, CarriesEveryField) {
  const Channel::Pair pair = MakePair();
  ASSERT_EQ(*pair.first.Send({.command = CommandNumber(Order::kQuit),
                              .flags = 5,
                              .sequence = 77,
                              .slot = 3,
                              .pid = 4711,
                              .payload = "why"}),
            SendOutcome::kSent);
  ReceivedMessage message;
  ASSERT_EQ(*pair.second.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command_as<Order>(), Order::kQuit);
  EXPECT_EQ(message.flags, 5);
  EXPECT_EQ(message.sequence, 77u);
  EXPECT_EQ(message.slot, 3);
  EXPECT_EQ(message.pid, 4711);
  EXPECT_EQ(message.payload, "why");
  EXPECT_TRUE(message.fds.empty());
}

TEST(Channel, KeepsNothingOfThePreviousMessageInAReusedOne) {
  const Channel::Pair pair = MakePair();
  const UniqueFd file = MakeMemfd();
  const int fds[] = {file.get()};
  ASSERT_TRUE(pair.first.Send({.command = 9, .slot = 3, .payload = "first", .fds = fds}).ok());
  ASSERT_TRUE(pair.first.Send({}).ok());
  ReceivedMessage message;
  ASSERT_EQ(*pair.second.Receive(&message), ReceiveOutcome::kReceived);
  ASSERT_EQ(*pair.second.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command, 0);
  EXPECT_EQ(message.slot, -1);
  EXPECT_EQ(message.payload, "");
  EXPECT_TRUE(message.fds.empty());
}

TEST(Channel, CarriesTheLargestPayload) {
  const Channel::Pair pair = MakePair();
  std::string payload(kMaxChannelPayloadBytes, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 31);
  ASSERT_EQ(*pair.first.TrySend({.payload = payload}), SendOutcome::kSent);
  ReceivedMessage message;
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, payload);
}

TEST(Channel, RefusesToSendALargerPayload) {
  const Channel::Pair pair = MakePair();
  const std::string payload(kMaxChannelPayloadBytes + 1, 'x');
  const auto outcome = pair.first.TrySend({.payload = payload});
  EXPECT_EQ(outcome.status(),
            absl::InvalidArgumentError("channel message: payload of 65537 bytes, at most 65536"));
}

TEST(Channel, HasNothingToReceiveWhenNothingWasSent) {
  const Channel::Pair pair = MakePair();
  ReceivedMessage message;
  EXPECT_EQ(*pair.first.TryReceive(&message), ReceiveOutcome::kWouldBlock);
}

TEST(Channel, LosesNothingWhenItIsFull) {
  const Channel::Pair pair = MakePair();
  std::uint32_t sent = 0;
  while (*pair.first.TrySend({.sequence = sent}) == SendOutcome::kSent) {
    ++sent;
    ASSERT_LT(sent, 1u << 20);
  }
  ReceivedMessage message;
  for (std::uint32_t expected = 0; expected < sent; ++expected) {
    ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
    ASSERT_EQ(message.sequence, expected);
  }
  EXPECT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kWouldBlock);
  EXPECT_EQ(*pair.first.TrySend({}), SendOutcome::kSent);
}

TEST(Channel, WaitsForRoomWhenASendBlocks) {
  Channel::Pair pair = MakePair();
  constexpr std::uint32_t kMessages = 5000;  // far more than a queue holds
  ForkedChild child([&] {
    ReceivedMessage message;
    for (std::uint32_t expected = 0; expected < kMessages; ++expected) {
      const auto outcome = pair.second.Receive(&message);
      if (!outcome.ok() || *outcome != ReceiveOutcome::kReceived) return 1;
      if (message.sequence != expected) return 2;
    }
    return 0;
  });
  for (std::uint32_t sequence = 0; sequence < kMessages; ++sequence) {
    ASSERT_EQ(*pair.first.Send({.sequence = sequence}), SendOutcome::kSent);
  }
  EXPECT_EQ(child.Join(), 0);
}

TEST(Channel, ReportsAPeerThatGoesWhileItWaitsForItsDeadline) {
  Channel::Pair pair = MakePair();
  ForkedChild peer([&] {
    { const UniqueFd ours = std::move(pair.first).Release(); }
    return ::pause();
  });
  { const UniqueFd theirs = std::move(pair.second).Release(); }
  std::thread killer([&] { peer.Kill(); });
  ReceivedMessage message;
  EXPECT_EQ(*pair.first.Receive(&message, Deadline::After(absl::Hours(1))),
            ReceiveOutcome::kPeerGone);
  EXPECT_EQ(*pair.first.Send({}, Deadline::After(absl::Hours(1))), SendOutcome::kPeerGone);
  killer.join();
}

// As an end that somebody made non-blocking, or gave a timeout.
TEST(Channel, BlocksWhateverTheFlagsOfItsDescription) {
  const Channel::Pair pair = MakePair();
  ASSERT_EQ(::fcntl(pair.second.fd(), F_SETFL, O_NONBLOCK), 0);
  ForkedChild receiver([&] {
    ReceivedMessage message;
    return *pair.second.Receive(&message) == ReceiveOutcome::kReceived ? 0 : 1;
  });
  AwaitAsleep(receiver.pid());
  ASSERT_EQ(*pair.first.Send({}), SendOutcome::kSent);
  EXPECT_EQ(receiver.Join(), 0);
}

TEST(Channel, RefusesWhatItsBufferCanNeverHold) {
  const Channel::Pair pair = MakePair();
  const int least = 1;
  ASSERT_EQ(::setsockopt(pair.first.fd(), SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)), 0);
  const absl::Status status = pair.first.Send({.payload = std::string(60'000, 'x')}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "60000 bytes")) << status;
}

TEST(Channel, ReportsAKilledPeerAsGone) {
  Channel::Pair pair = MakePair();
  ForkedChild child([&] {
    ReceivedMessage message;
    (void)pair.second.Receive(&message);
    return 0;
  });
  std::move(pair.second).Release().reset();
  child.Kill();
  ReceivedMessage message;
  EXPECT_EQ(*pair.first.Receive(&message), ReceiveOutcome::kPeerGone);
  EXPECT_EQ(*pair.first.TryReceive(&message), ReceiveOutcome::kPeerGone);
  EXPECT_EQ(*pair.first.TrySend({}), SendOutcome::kPeerGone);
}

TEST(Channel, DeliversWhatAPeerSentBeforeItClosedWithoutReading) {
  Channel::Pair pair = MakePair();
  ASSERT_TRUE(pair.first.Send({.command = 1}).ok());  // never read
  ASSERT_TRUE(pair.second.Send({.command = 2}).ok());
  std::move(pair.second).Release().reset();
  ReceivedMessage message;
  ASSERT_EQ(*pair.first.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command, 2);
  EXPECT_EQ(*pair.first.TryReceive(&message), ReceiveOutcome::kPeerGone);
}

TEST(Channel, ReportsASenderToAPeerThatClosedWithoutReadingAsGone) {
  Channel::Pair pair = MakePair();
  ASSERT_TRUE(pair.first.Send({}).ok());
  std::move(pair.second).Release().reset();
  EXPECT_EQ(*pair.first.TrySend({}), SendOutcome::kPeerGone);
  EXPECT_EQ(*pair.first.TrySend({}), SendOutcome::kPeerGone);
}

TEST(Channel, HasTheCredentialsOfTheKernelWhateverTheSenderClaims) {
  const Channel::Pair pair = MakePair();
  ForkedChild child([&] { return pair.second.Send({.pid = 1}).ok() ? 0 : 1; });
  ReceivedMessage message;
  ASSERT_EQ(*pair.first.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.pid, 1);
  EXPECT_EQ(message.sender.pid, child.pid());
  EXPECT_EQ(message.sender.uid, ::getuid());
  EXPECT_EQ(message.sender.gid, ::getgid());
  EXPECT_EQ(child.Join(), 0);
}

TEST(Channel, AllocatesNothingOnceItsPayloadHasRoom) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO, STDERR_FILENO};
  ReceivedMessage message;
  message.payload.reserve(1000);
  const std::string payload(1000, 'x');
  const int allocations_before = allocations;
  const auto sent = pair.first.TrySend({.payload = payload, .fds = fds});
  const auto received = pair.second.TryReceive(&message);
  EXPECT_EQ(allocations, allocations_before);
  EXPECT_EQ(*sent, SendOutcome::kSent);
  EXPECT_EQ(*received, ReceiveOutcome::kReceived);
}

TEST(Channel, IsMadeOfDescriptorsThatExecCloses) {
  const Channel::Pair pair = MakePair();
  EXPECT_EQ(::fcntl(pair.first.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(pair.second.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(ChannelAdopt, TakesOverAnInheritedDescriptor) {
  Channel::Pair pair = MakePair();
  ForkedChild child([&] {
    UniqueFd inherited(::dup(pair.second.fd()));  // not close-on-exec
    auto channel = Channel::Adopt(std::move(inherited));
    if (!channel.ok()) return 1;
    if ((::fcntl(channel->fd(), F_GETFD) & FD_CLOEXEC) == 0) return 2;
    return channel->Send({.command = 8}).ok() ? 0 : 3;
  });
  ReceivedMessage message;
  ASSERT_EQ(*pair.first.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command, 8);
  EXPECT_EQ(child.Join(), 0);
}

TEST(ChannelAdopt, RefusesAStreamSocket) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  const UniqueFd other(fds[1]);
  const auto channel = Channel::Adopt(UniqueFd(fds[0]));
  EXPECT_EQ(channel.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(channel.status().message(),
                                "socket of domain 1 and type 1, expected AF_UNIX (1) and "
                                "SOCK_SEQPACKET (5)"))
      << channel.status();
}

TEST(ChannelAdopt, RefusesASocketThatIsNotConnected) {
  const auto channel =
      Channel::Adopt(UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)));
  EXPECT_EQ(channel.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(channel.status().message(), "not connected")) << channel.status();
}

TEST(ChannelAdopt, RefusesWhatIsNoSocket) {
  const auto channel = Channel::Adopt(MakeMemfd());
  EXPECT_TRUE(absl::StrContains(channel.status().message(),
                                "getsockopt SO_DOMAIN: Socket operation on non-socket"))
      << channel.status();
}

TEST(ChannelAdopt, RefusesADescriptorThatIsNotOpen) {
  EXPECT_TRUE(absl::StrContains(Channel::Adopt(UniqueFd(-1)).status().message(),
                                "channel in descriptor -1: getsockopt SO_DOMAIN: Bad file"));
}

}  // namespace
}  // namespace muster::ipc
