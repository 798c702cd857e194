// The descriptors that messages carry over a channel.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/test_pair.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/open_fds.h"

namespace muster::ipc {
namespace {

UniqueFd MakeMemfd() { return UniqueFd(::memfd_create("test", MFD_CLOEXEC)); }

// Where the kernel has SO_PASSRIGHTS, which a test can turn on again.
void AllowDescriptors(const Channel& channel) {
  const int on = 1;
  (void)::setsockopt(channel.fd(), SOL_SOCKET, 83, &on, sizeof(on));
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

// Room for one descriptor more in this process, as long as it lives.
class RoomForOne {
 public:
  RoomForOne() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const UniqueFd next(::dup(STDERR_FILENO));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~RoomForOne() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  RoomForOne(const RoomForOne&) = delete;
  RoomForOne& operator=(const RoomForOne&) = delete;

 private:
  rlimit before_;
};

void SendThreeDescriptors(const Channel& channel) {
  const int fds[] = {STDERR_FILENO, STDERR_FILENO, STDERR_FILENO};
  ASSERT_TRUE(channel.Send({.command = 7, .sequence = 12, .payload = "three", .fds = fds}).ok());
  ASSERT_TRUE(channel.Send({.payload = "next"}).ok());
}

TEST(Channel, NamesTheMessageWhoseDescriptorsItsProcessMayNotOpen) {
  const Channel::Pair pair = MakePair();
  SendThreeDescriptors(pair.first);
  ReceivedMessage message;
  {
    const RoomForOne room;
    const int open_before = CountOpenFds();
    const absl::Status status = pair.second.TryReceive(&message).status();
    EXPECT_EQ(status, absl::ResourceExhaustedError(absl::StrCat(
                          "channel message of command 7 and sequence 12 from process ", ::getpid(),
                          ": 1 of its 3 descriptors came: this process may not open more")));
    EXPECT_EQ(CountOpenFds(), open_before);
  }
  EXPECT_EQ(message.command, 7);
  EXPECT_EQ(message.sequence, 12u);
  EXPECT_EQ(message.payload, "three");
  EXPECT_TRUE(message.fds.empty());
  ASSERT_EQ(*pair.second.TryReceive(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, "next");
}

TEST(Channel, LeavesTheMessageForWhichThereIsNoRoom) {
  const Channel::Pair pair = MakePair();
  SendThreeDescriptors(pair.first);
  ReceivedMessage message;
  {
    const RoomForOne room;
    const int open_before = CountOpenFds();
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(absl::IsResourceExhausted(pair.second.TryReceiveIfRoom(&message).status()));
    }
    EXPECT_EQ(CountOpenFds(), open_before);
  }
  const int open_before = CountOpenFds();
  ASSERT_EQ(*pair.second.TryReceiveIfRoom(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, "three");
  EXPECT_EQ(message.fds.size(), 3u);
  EXPECT_EQ(CountOpenFds(), open_before + 3);
  ASSERT_EQ(*pair.second.TryReceiveIfRoom(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, "next");
  EXPECT_EQ(*pair.second.TryReceiveIfRoom(&message), ReceiveOutcome::kWouldBlock);
}

TEST(Channel, ReceivesTheEndAndWhatIsMalformedIfThereIsRoom) {
  Channel::Pair pair = MakePair();
  ASSERT_EQ(::send(pair.first.fd(), "garbage", 7, 0), 7);
  ASSERT_TRUE(pair.first.Send({.payload = "next"}).ok());
  { const UniqueFd closed = std::move(pair.first).Release(); }
  ReceivedMessage message;
  EXPECT_TRUE(absl::IsInvalidArgument(pair.second.TryReceiveIfRoom(&message).status()));
  ASSERT_EQ(*pair.second.TryReceiveIfRoom(&message), ReceiveOutcome::kReceived);
  EXPECT_EQ(message.payload, "next");
  EXPECT_EQ(*pair.second.TryReceiveIfRoom(&message), ReceiveOutcome::kPeerGone);
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

constexpr int kNoLimit = 77;

// In a process that has as many descriptors in flight to `pair.second` as it may: the limit is its
// RLIMIT_NOFILE, for all of its user. It does not hold for the machine's root, who becomes nobody;
// root of a user namespace may be unable to, and need not. Exits with kNoLimit there.
int WithTooManyInFlight(absl::FunctionRef<int(const Channel::Pair&, absl::Span<const int>)> body) {
  ForkedChild child([body] {
    [[maybe_unused]] const int result = ::setresuid(65534, 65534, 65534);
    const Channel::Pair pair = MakePair();
    const UniqueFd file = MakeMemfd();
    // Enough to receive a message.
    rlimit few = {30, 30};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return kNoLimit;
    const std::vector<int> fds(kMaxChannelFds, file.get());
    for (int sent = 0; sent < 4; ++sent) {
      const auto outcome = pair.first.TrySend({.fds = fds});
      if (!outcome.ok()) return 1;
      if (*outcome == SendOutcome::kTryLater) return body(pair, fds);
      if (*outcome != SendOutcome::kSent) return 2;
    }
    return kNoLimit;
  });
  return child.Join();
}

TEST(Channel, TellsWhenTooManyDescriptorsAreInFlight) {
  const int code = WithTooManyInFlight([](const Channel::Pair& pair, absl::Span<const int>) {
    // It is not for want of room.
    pollfd room = {.fd = pair.first.fd(), .events = POLLOUT, .revents = 0};
    if (::poll(&room, 1, 0) != 1) return 3;
    return *pair.first.TrySend({.payload = "only bytes"}) == SendOutcome::kSent ? 0 : 4;
  });
  if (code == kNoLimit) GTEST_SKIP() << "this user has no such limit";
  EXPECT_EQ(code, 0);
}

TEST(Channel, WaitsUntilFewerDescriptorsAreInFlight) {
  const int code = WithTooManyInFlight([](const Channel::Pair& pair, absl::Span<const int> fds) {
    std::atomic<bool> is_sent = false;
    std::thread sender(
        [&] { is_sent = pair.first.Send({.fds = fds}).value() == SendOutcome::kSent; });
    for (ReceivedMessage message; *pair.second.Receive(&message) != ReceiveOutcome::kReceived;) {
    }
    sender.join();
    return is_sent ? 0 : 3;
  });
  if (code == kNoLimit) GTEST_SKIP() << "this user has no such limit";
  EXPECT_EQ(code, 0);
}

TEST(Channel, DoesNotWaitForFewerDescriptorsPastItsDeadline) {
  const int code = WithTooManyInFlight([](const Channel::Pair& pair, absl::Span<const int> fds) {
    const Deadline deadline = Deadline::After(absl::Milliseconds(5));
    const absl::Status status = pair.first.Send({.fds = fds}, deadline).status();
    return absl::IsDeadlineExceeded(status) && deadline.has_passed() ? 0 : 3;
  });
  if (code == kNoLimit) GTEST_SKIP() << "this user has no such limit";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace muster::ipc
