#include "muster/ipc/base/process_identity.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

class Fork {
 public:
  template <typename Body>
  explicit Fork(Body body) : pid_(::fork()) {
    if (pid_ != 0) return;
    body();
    ::_exit(0);
  }
  ~Fork() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  void AwaitDeath() const {
    siginfo_t info;
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }

 private:
  pid_t pid_;
};

TEST(ProcessIdentity, IsNotGoneWhileItRuns) {
  EXPECT_FALSE(IsGone(IdentityOf(::getpid())));
  const Fork child([] { ::pause(); });
  EXPECT_FALSE(IsGone(IdentityOf(child.pid())));
}

TEST(ProcessIdentity, IsGoneBeforeAnybodyHasWaitedForIt) {
  const Fork child([] {});
  const ProcessIdentity identity = IdentityOf(child.pid());
  child.AwaitDeath();
  EXPECT_TRUE(IsGone(identity));
}

TEST(ProcessIdentity, IsGoneOnceItWasWaitedFor) {
  const pid_t child = ::fork();
  if (child == 0) ::pause();
  const ProcessIdentity identity = IdentityOf(child);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(IsGone(identity));
}

TEST(ProcessIdentity, IsGoneWhenItsNumberIsAnothers) {
  ProcessIdentity identity = IdentityOf(::getpid());
  ++identity.start_time_ticks;
  EXPECT_TRUE(IsGone(identity));
}

TEST(ProcessIdentity, IsNotGoneWhileOtherThreadsOutliveItsFirst) {
  int ended[2];
  ASSERT_EQ(::pipe(ended), 0);
  const Fork child([&] {
    std::thread([&] {
      // The kernel calls a process whose first thread has ended a zombie.
      char state = 0;
      while (state != 'Z') {
        FILE* const stat = ::fopen("/proc/self/stat", "r");
        if (::fscanf(stat, "%*d (%*[^)]) %c", &state) != 1) ::_exit(1);
        ::fclose(stat);
      }
      EXPECT_EQ(::write(ended[1], "", 1), 1);
      ::pause();
    }).detach();
    ::syscall(SYS_exit, 0);
  });
  const ProcessIdentity identity = IdentityOf(child.pid());
  char byte;
  ASSERT_EQ(::read(ended[0], &byte, 1), 1);
  EXPECT_FALSE(IsGone(identity));
  ::close(ended[0]);
  ::close(ended[1]);
}

TEST(ProcessIdentity, IsNotKnownToBeGoneInAnotherPidNamespace) {
  ProcessIdentity identity = IdentityOf(::getpid());
  ++identity.start_time_ticks;
  ++identity.pid_namespace;
  EXPECT_FALSE(IsGone(identity));
}

// Where the clock stands elsewhere, so a start is another number there.
TEST(ProcessIdentity, IsNotGoneInAnotherTimeNamespace) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const ProcessIdentity self = IdentityOf(::getpid());
  const Fork child([&] {
    constexpr char kOffset[] = "boottime 5000 0";
    const int offsets = ::unshare(CLONE_NEWUSER | CLONE_NEWTIME) == 0
                            ? ::open("/proc/self/timens_offsets", O_WRONLY)
                            : -1;
    if (::write(offsets, kOffset, sizeof kOffset - 1) < 0) return;
    const pid_t inner = ::fork();
    if (inner == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      struct {
        ProcessIdentity identity;
        bool is_parent_gone;
      } news = {IdentityOf(::getpid()), IsGone(self)};
      EXPECT_EQ(::write(told[1], &news, sizeof news), static_cast<ssize_t>(sizeof news));
      ::pause();
    }
    ::pause();
  });
  ::close(told[1]);
  struct {
    ProcessIdentity identity;
    bool is_parent_gone;
  } news;
  if (::read(told[0], &news, sizeof news) != static_cast<ssize_t>(sizeof news)) {
    GTEST_SKIP() << "there may be no time namespace here";
  }
  EXPECT_FALSE(news.is_parent_gone);
  EXPECT_FALSE(IsGone(news.identity));
  ::close(told[0]);
}

TEST(ProcessIdentity, OfNobodyIsNotGone) {
  EXPECT_FALSE(IsGone({}));
  EXPECT_FALSE(IsGone({.pid = 0, .pid_namespace = OwnPidNamespace()}));
}

}  // namespace
}  // namespace muster::ipc
