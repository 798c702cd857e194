#include "muster/ipc/process/signal_set.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

bool IsBlocked(int number) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

// Blocks until there is a signal.
void AwaitReadable(int fd) {
  pollfd request = {fd, POLLIN, 0};
  ASSERT_EQ(::poll(&request, 1, -1), 1);
}

TEST(SignalSet, ReadsASignalWithItsSender) {
  const auto signals = SignalSet::Block({SIGUSR1, SIGUSR2});
  ASSERT_TRUE(signals.ok()) << signals.status();
  ForkedChild child([] { return ::kill(::getppid(), SIGUSR2); });
  AwaitReadable(signals->fd());
  const auto signal = signals->TryRead();
  ASSERT_TRUE(signal.ok() && signal->has_value()) << signal.status();
  EXPECT_EQ((*signal)->number, SIGUSR2);
  EXPECT_EQ((*signal)->sender_pid, child.pid());
  EXPECT_EQ((*signal)->sender_uid, ::getuid());
  EXPECT_TRUE((*signal)->is_from_process);
  EXPECT_EQ(child.Join(), 0);
}

TEST(SignalSet, KnowsWhatTheKernelSent) {
  const auto signals = SignalSet::Block({SIGALRM});
  const itimerval soon = {.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 1}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);
  AwaitReadable(signals->fd());
  const auto signal = signals->TryRead();
  ASSERT_TRUE(signal.ok() && signal->has_value()) << signal.status();
  EXPECT_FALSE((*signal)->is_from_process);
}

TEST(SignalSet, HasNothingToReadWhenNothingWasSent) {
  const auto signals = SignalSet::Block({SIGUSR1});
  EXPECT_EQ(*signals->TryRead(), std::nullopt);
}

TEST(SignalSet, ReadsEachPendingSignalOnce) {
  const auto signals = SignalSet::Block({SIGUSR1, SIGUSR2});
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  EXPECT_EQ((*signals->TryRead())->number, SIGUSR1);
  EXPECT_EQ((*signals->TryRead())->number, SIGUSR2);
  EXPECT_EQ(*signals->TryRead(), std::nullopt);
}

TEST(SignalSet, LeavesItsSignalsBlockedWhenItIsGone) {
  { const auto signals = SignalSet::Block({SIGUSR1}); }
  EXPECT_TRUE(IsBlocked(SIGUSR1));
}

TEST(SignalSet, LeavesOtherSignalsAlone) {
  const auto signals = SignalSet::Block({SIGUSR1});
  EXPECT_FALSE(IsBlocked(SIGTERM));
}

TEST(SignalSet, IsADescriptorThatExecCloses) {
  const auto signals = SignalSet::Block({SIGUSR1});
  EXPECT_EQ(::fcntl(signals->fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(SignalSet, RefusesWhatCannotBeBlocked) {
  EXPECT_EQ(SignalSet::Block({SIGUSR1, SIGKILL}).status(),
            absl::InvalidArgumentError("signalfd: SIGKILL cannot be blocked"));
  EXPECT_EQ(SignalSet::Block({SIGSTOP}).status(),
            absl::InvalidArgumentError("signalfd: SIGSTOP cannot be blocked"));
  EXPECT_EQ(SignalSet::Block({0}).status(),
            absl::InvalidArgumentError("signalfd: signal 0 cannot be blocked"));
  EXPECT_EQ(SignalSet::Block({1000}).status(),
            absl::InvalidArgumentError("signalfd: signal 1000 cannot be blocked"));
}

}  // namespace
}  // namespace muster::ipc
