#include "muster/ipc/channel/channel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/open_fds.h"

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

Channel::Pair MakePair() {
  auto pair = Channel::CreatePair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *std::move(pair);
}

UniqueFd MakeMemfd() { return UniqueFd(::memfd_create("test", MFD_CLOEXEC)); }

// What no Channel would send.
void SendRaw(int fd, absl::string_view bytes, absl::Span<const int> fds = {}) {
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  }
  ASSERT_EQ(::sendmsg(fd, &header, 0), static_cast<ssize_t>(bytes.size()));
}

std::string Header(std::uint16_t fd_count) {
  ChannelHeader header = {};
  header.magic = kChannelMagic;
  header.version = kChannelVersion;
  header.fd_count = fd_count;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
}

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

TEST(Channel, CarriesSixteenDescriptorsThatReferToTheSameFiles) {
  const Channel::Pair pair = MakePair();
  std::vector<UniqueFd> files;
  std::vector<int> fds;
  for (std::size_t i = 0; i < kMaxChannelFds; ++i) {
    files.push_back(MakeMemfd());
    fds.push_back(files.back().get());
  }
  ASSERT_EQ(*pair.first.TrySend({.fds = fds}), SendOutcome::kSent);
  ReceivedMessage message;
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  ASSERT_EQ(message.fds.size(), kMaxChannelFds);
  for (std::size_t i = 0; i < kMaxChannelFds; ++i) {
    struct stat sent;
    struct stat received;
    ASSERT_EQ(::fstat(fds[i], &sent), 0);
    ASSERT_EQ(::fstat(message.fds[i].get(), &received), 0);
    EXPECT_EQ(sent.st_ino, received.st_ino);
    EXPECT_NE(fds[i], message.fds[i].get());
  }
}

TEST(Channel, RefusesToSendMoreDescriptors) {
  const Channel::Pair pair = MakePair();
  const std::vector<int> fds(kMaxChannelFds + 1, 0);
  const auto outcome = pair.first.TrySend({.fds = fds});
  EXPECT_EQ(outcome.status(),
            absl::InvalidArgumentError("channel message: 17 descriptors, at most 16"));
}

TEST(Channel, NamesAFailureToSendADescriptorThatIsNotOpen) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {1 << 20};
  const auto outcome = pair.first.TrySend({.payload = "abc", .fds = fds});
  EXPECT_TRUE(
      absl::StrContains(outcome.status().message(), "send 3 bytes and 1 descriptors on channel "))
      << outcome.status();
  EXPECT_TRUE(absl::StrContains(outcome.status().message(), ": Bad file descriptor"))
      << outcome.status();
}

TEST(Channel, DeliversAFileWhoseSenderHasDied) {
  const Channel::Pair pair = MakePair();
  ForkedChild child([&] {
    const UniqueFd file = MakeMemfd();
    const int fds[] = {file.get()};
    if (::write(file.get(), "left behind", 11) != 11) return 1;
    return pair.second.Send({.fds = fds}).ok() ? 0 : 1;
  });
  ASSERT_EQ(child.Join(), 0);
  ReceivedMessage message;
  ASSERT_EQ(*pair.first.Receive(&message), ReceiveOutcome::kReceived);
  ASSERT_EQ(message.fds.size(), 1u);
  char bytes[32] = {};
  ASSERT_EQ(::pread(message.fds[0].get(), bytes, sizeof(bytes), 0), 11);
  EXPECT_STREQ(bytes, "left behind");
}

TEST(Channel, ReceivesDescriptorsThatExecCloses) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO};
  ASSERT_TRUE(pair.first.Send({.fds = fds}).ok());
  ReceivedMessage message;
  ASSERT_EQ(*pair.second.Receive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(::fcntl(message.fds.at(0).get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
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

TEST(Channel, RefusesGarbageAndClosesWhatCameWithIt) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO, STDERR_FILENO};
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), std::string(100, 'g'), fds);
  ReceivedMessage message;
  EXPECT_EQ(pair.second.TryReceive(&message).status(),
            absl::InvalidArgumentError("channel datagram: magic is 67676767, expected 4e48434d"));
  EXPECT_TRUE(message.fds.empty());
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesAnOversizedDatagramAndClosesWhatCameWithIt) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO};
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), Header(1) + std::string(kMaxChannelPayloadBytes + 1, 'x'), fds);
  ReceivedMessage message;
  EXPECT_EQ(
      pair.second.TryReceive(&message).status(),
      absl::InvalidArgumentError("channel datagram: larger than the 65564 bytes that are allowed"));
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesTooManyDescriptorsAndClosesThem) {
  const Channel::Pair pair = MakePair();
  const std::vector<int> fds(40, STDERR_FILENO);
  const int open_before = CountOpenFds();
  SendRaw(pair.first.fd(), Header(40), fds);
  ReceivedMessage message;
  EXPECT_EQ(pair.second.TryReceive(&message).status(),
            absl::InvalidArgumentError("channel datagram: more than 16 descriptors"));
  EXPECT_EQ(CountOpenFds(), open_before);
}

TEST(Channel, RefusesAnEmptyDatagramWhichIsNotTheEnd) {
  const Channel::Pair pair = MakePair();
  SendRaw(pair.first.fd(), "");
  ReceivedMessage message;
  EXPECT_EQ(
      pair.second.TryReceive(&message).status(),
      absl::InvalidArgumentError("channel datagram: size in bytes is 0, expected at least 28"));
}

TEST(Channel, ReceivesTheMessageAfterARefusedOne) {
  const Channel::Pair pair = MakePair();
  SendRaw(pair.first.fd(), "garbage");
  ASSERT_TRUE(pair.first.Send({.command = 6}).ok());
  ReceivedMessage message;
  ASSERT_FALSE(pair.second.TryReceive(&message).ok());
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.command, 6);
}

TEST(Channel, SaysThatTheProcessMayNotOpenWhatCame) {
  const Channel::Pair pair = MakePair();
  const int fds[] = {STDERR_FILENO, STDERR_FILENO, STDERR_FILENO};
  ASSERT_TRUE(pair.first.Send({.fds = fds}).ok());
  ForkedChild child([&] {
    const int open_before = CountOpenFds();
    const UniqueFd next(::dup(STDERR_FILENO));
    const rlimit limit = {static_cast<rlim_t>(next.get()) + 2, static_cast<rlim_t>(next.get()) + 2};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;  // room for one more
    ReceivedMessage message;
    const auto outcome = pair.second.TryReceive(&message);
    if (outcome.status().code() != absl::StatusCode::kResourceExhausted) return 2;
    return CountOpenFds() == open_before + 1 ? 0 : 3;
  });
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

// Where the kernel has SO_PASSRIGHTS, which a test can turn on again.
void AllowDescriptors(const Channel& channel) {
  const int on = 1;
  (void)::setsockopt(channel.fd(), SOL_SOCKET, 83, &on, sizeof(on));
}

TEST(Channel, TellsOfDescriptorsBeforeTheyAreReceived) {
  const Channel::Pair pair = MakePair();
  EXPECT_FALSE(*pair.second.NextHasDescriptors()) << "of no message";
  const UniqueFd file = MakeMemfd();
  const int fds[] = {file.get()};
  ASSERT_TRUE(pair.first.Send({.payload = "none"}).ok());
  ASSERT_TRUE(pair.first.Send({.payload = "one", .fds = fds}).ok());
  const int open_before = CountOpenFds();
  ReceivedMessage message;
  EXPECT_FALSE(*pair.second.NextHasDescriptors());
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_TRUE(*pair.second.NextHasDescriptors());
  EXPECT_TRUE(*pair.second.NextHasDescriptors()) << "it takes nothing";
  EXPECT_EQ(CountOpenFds(), open_before);
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, "one");
  EXPECT_EQ(message.fds.size(), 1u);
}

TEST(Channel, TellsOfDescriptorsThatItsProcessCannotOpen) {
  const Channel::Pair pair = MakePair();
  const UniqueFd file = MakeMemfd();
  const int fds[] = {file.get()};
  ASSERT_TRUE(pair.first.Send({.fds = fds}).ok());
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto has = pair.second.NextHasDescriptors();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(has.ok() && *has) << has.status();
}

TEST(Channel, TellsOfNoDescriptorsAtItsEnd) {
  Channel::Pair pair = MakePair();
  { const UniqueFd closed = std::move(pair.first).Release(); }
  const auto has = pair.second.NextHasDescriptors();
  EXPECT_TRUE(has.ok() && !*has) << has.status();
}

TEST(Channel, RefusesDescriptorsWhereTheKernelCan) {
  const Channel::Pair pair = MakePair();
  if (!pair.second.RefuseDescriptors()) GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
  const UniqueFd file = MakeMemfd();
  const int fds[] = {file.get()};
  EXPECT_FALSE(pair.first.TrySend({.fds = fds}).ok());
  EXPECT_EQ(*pair.first.TrySend({.payload = "only bytes"}), SendOutcome::kSent);
  AllowDescriptors(pair.second);
  EXPECT_EQ(*pair.first.TrySend({.fds = fds}), SendOutcome::kSent);
}

// The limit is the sender's RLIMIT_NOFILE, for all of its user. It does not hold for root.
TEST(Channel, TellsWhenTooManyDescriptorsAreInFlight) {
  ForkedChild child([] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 77;
    const Channel::Pair pair = MakePair();
    const UniqueFd file = MakeMemfd();
    rlimit few = {20, 20};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 77;
    const std::vector<int> fds(kMaxChannelFds, file.get());
    for (int sent = 0; sent < 4; ++sent) {
      const auto outcome = pair.first.TrySend({.fds = fds});
      if (!outcome.ok()) return 1;
      if (*outcome == SendOutcome::kTooManyInFlight) return 0;
    }
    return 2;
  });
  const int code = child.Join();
  if (code == 77) GTEST_SKIP() << "this user cannot become another one";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace muster::ipc
