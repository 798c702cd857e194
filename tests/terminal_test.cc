// The real master in a terminal.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Terminal, MayChangeItsSize) {
  RunningMaster muster;
  const ipc::UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal.valid() && ::unlockpt(terminal.get()) == 0);
  const std::string name = ::ptsname(terminal.get());
  // The first terminal that the leader of a session opens controls it.
  ASSERT_TRUE(muster.Start([&] { return ::open(name.c_str(), O_RDWR) >= 0; }));
  const winsize size = {.ws_row = 50, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(terminal.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(muster.Ctl({"reopen"}).exit, 0);
  // Not even a line of the log.
  EXPECT_THAT(muster.master().errors(), Not(HasSubstr("SIGWINCH")));
  EXPECT_EQ(muster.Status().master().state(), admin::v1::Master::RUNNING);
  // Nor does it pause when somebody sends the signal, who may be the terminal's program.
  muster.master().Signal(SIGWINCH);
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_THAT(muster.master().errors(), HasSubstr("no terminal controls: use ctl pause"));
  EXPECT_EQ(muster.Status().master().state(), admin::v1::Master::RUNNING);
}

TEST(Terminal, IsNotNeededToPauseByASignal) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start());
  muster.master().Signal(SIGWINCH);
  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.master().state() == admin::v1::Master::PAUSED && status.workers_size() == 0;
  }));
}

}  // namespace
}  // namespace muster::tests
