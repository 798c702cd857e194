#include "muster/master/process/process_moment.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A child that does what the function does, until it is killed.
class Child {
 public:
  explicit Child(void (*work)()) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    ::_exit(0);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // The first moment in which it is in that state.
  ProcessMoment In(char state) const {
    for (;;) {
      const ProcessMoment moment = MomentOf(pid_);
      if (moment.state == state) return moment;
      absl::SleepFor(absl::Milliseconds(1));
    }
  }

 private:
  const pid_t pid_;
};

TEST(ProcessMoment, TellsOfOneThatSleepsInWhichCall) {
  // By its parenthesis in /proc/PID/stat, the name could be taken for the end of it.
  const Child child([] {
    ::prctl(PR_SET_NAME, "a) R (b");
    for (;;) ::pause();
  });
  const ProcessMoment moment = child.In('S');
  EXPECT_THAT(moment.ToString(), HasSubstr("sleeps"));
  // Not told where this process may not trace.
  if (!moment.syscall.empty()) {
    EXPECT_THAT(moment.ToString(), HasSubstr(", in system call "));
  }
}

TEST(ProcessMoment, TellsOfOneThatRuns) {
  const Child child([] {
    for (std::atomic<int> turns{0};;) ++turns;
  });
  EXPECT_EQ(child.In('R').ToString(), "runs");
}

TEST(ProcessMoment, TellsOfOneThatIsStopped) {
  const Child child([] { ::raise(SIGSTOP); });
  EXPECT_THAT(child.In('T').ToString(), HasSubstr("is stopped by a signal"));
}

TEST(ProcessMoment, TellsThatThereIsNoProcess) {
  const ProcessMoment moment = MomentOf(1 << 30);
  EXPECT_EQ(moment.state, '\0');
  EXPECT_THAT(moment.wchan, IsEmpty());
  EXPECT_EQ(moment.ToString(), "is not there any more");
}

}  // namespace
}  // namespace muster::master
