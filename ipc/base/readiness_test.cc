#include "muster/ipc/base/readiness.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {
namespace {

class AwaitReadinessTest : public ::testing::Test {
 protected:
  AwaitReadinessTest() {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    reader_ = UniqueFd(fds[0]);
    writer_ = UniqueFd(fds[1]);
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(AwaitReadinessTest, EndsAtItsDeadlineAndNotBefore) {
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_FALSE(*AwaitReadiness(reader_.get(), POLLIN, deadline));
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(AwaitReadinessTest, FindsWhatIsReadyAfterItsDeadline) {
  EXPECT_TRUE(*AwaitReadiness(writer_.get(), POLLOUT, Deadline::After(absl::ZeroDuration())));
}

TEST_F(AwaitReadinessTest, EndsWhenThePeerIsGone) {
  writer_.reset();
  EXPECT_TRUE(*AwaitReadiness(reader_.get(), POLLIN, Deadline::Never()));
}

TEST_F(AwaitReadinessTest, IsNotEndedBySignals) {
  struct sigaction action = {};
  static std::atomic<int> signals;
  action.sa_handler = [](int) { ++signals; };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  std::atomic<bool> is_ready = false;
  std::thread waiter(
      [&] { is_ready = *AwaitReadiness(reader_.get(), POLLIN, Deadline::After(absl::Hours(1))); });
  while (signals < 10) ::pthread_kill(waiter.native_handle(), SIGUSR1);
  ASSERT_EQ(::write(writer_.get(), "x", 1), 1);
  waiter.join();
  EXPECT_TRUE(is_ready);
}

}  // namespace
}  // namespace muster::ipc
