#include "muster/master/aside/call_in_time.h"

#include <poll.h>
#include <signal.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/host/wait_note.h"

namespace muster::master {
namespace {

constexpr absl::Duration kLong = absl::Minutes(10);

// Waits until it is told to stop.
int Hang(int stop_fd) {
  const host::WaitNote note("reading", "/net/m");
  pollfd wait = {stop_fd, POLLIN, 0};
  ::poll(&wait, 1, -1);
  return 7;
}

TEST(CallInTime, ReturnsWhatTheCallReturned) {
  const auto result =
      CallInTime<std::unique_ptr<int>>([](int) { return std::make_unique<int>(7); }, kLong);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(**result, 7);
}

TEST(CallInTime, SaysWhatTheCallHangsIn) {
  const auto result = CallInTime<int>(Hang, absl::Seconds(1));
  EXPECT_EQ(result.status(), absl::DeadlineExceededError("still reading /net/m after 1s"));
}

TEST(CallInTime, ComesBackWhenASignalAsksForTheEnd) {
  sigset_t end;
  ::sigemptyset(&end);
  ::sigaddset(&end, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &end, nullptr);
  ::raise(SIGTERM);
  const auto result = CallInTime<int>(Hang, kLong);
  EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGTERM), 1) << "is the caller's to read";
  int number = 0;
  ::sigwait(&end, &number);
}

}  // namespace
}  // namespace muster::master
