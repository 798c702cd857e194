#include "muster/ipc/base/start_time.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(StartTimeTicks, AreTheSameEachTime) {
  EXPECT_GT(StartTimeTicks(::getpid()), 0u);
  EXPECT_EQ(StartTimeTicks(::getpid()), StartTimeTicks(::getpid()));
}

TEST(StartTimeTicks, AreThoseOfTheProcessWhateverItsName) {
  const auto before = StartTimeTicks(::getpid());
  ASSERT_EQ(::prctl(PR_SET_NAME, ") R 1 2 3 (x"), 0);
  EXPECT_EQ(StartTimeTicks(::getpid()), before);
}

TEST(StartTimeTicks, AreZeroWithoutAProcess) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(StartTimeTicks(child), 0u);
}

}  // namespace
}  // namespace muster::ipc
