#include "muster/master/orphans/orphans.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/start_time.h"
#include "muster/master/listen/listener.h"
#include "muster/master/orphans/worker_list.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kShort = absl::Milliseconds(50);

// A child with the descriptors and dispositions of this process, which does nothing.
class IdleChild {
 public:
  IdleChild() : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;
  ~IdleChild() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) Join();
  }

  pid_t pid() const { return pid_; }
  // Waits for its end, and returns minus the signal that killed it.
  int Join() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
};

// An orphan that alone has a listener.
class OrphansTest : public ::testing::Test {
 protected:
  OrphansTest() {
    auto listener = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
    EXPECT_TRUE(listener.ok() && listener->Listen(8).ok());
    address_ = listener->address();
    child_.emplace();
  }

  ListedWorker Listed() const {
    return {child_->pid(), ipc::StartTimeTicks(child_->pid()), ::geteuid(), BootId()};
  }

  int End(const ListedWorker& listed) { return EndOrphans({listed}, {*address_}, log_, kShort); }

  // A signal that was sent has had its effect when a later one has.
  bool IsUnharmed() {
    ::kill(child_->pid(), SIGSTOP);
    int status = 0;
    return ::waitpid(child_->pid(), &status, WUNTRACED) == child_->pid() && WIFSTOPPED(status);
  }

  Log log_;
  std::optional<listen::Address> address_;
  std::optional<IdleChild> child_;
};

TEST_F(OrphansTest, AreEndedByTermEvenIfTheyAreStopped) {
  ASSERT_EQ(::kill(child_->pid(), SIGSTOP), 0);
  EXPECT_EQ(EndOrphans({Listed()}, {*address_}, log_), 1);
  EXPECT_EQ(child_->Join(), -SIGTERM);
}

TEST_F(OrphansTest, AreEndedIfTheAddressOnlyOverlaps) {
  const auto any = listen::Address::Parse("*:" + std::to_string(address_->port()));
  ASSERT_TRUE(any.ok());
  EXPECT_EQ(EndOrphans({Listed()}, {*any}, log_), 1);
}

TEST_F(OrphansTest, StillRunIfTheyAreWhatTheListSays) {
  EXPECT_THAT(StillRunning({Listed()}), ElementsAre(Listed()));
  ListedWorker other = Listed();
  ++other.start_time;
  EXPECT_THAT(StillRunning({other}), IsEmpty());
}

TEST_F(OrphansTest, AreNotOtherProcessesThatGotThePid) {
  ListedWorker other = Listed();
  --other.start_time;
  EXPECT_EQ(End(other), 0);
  EXPECT_TRUE(IsUnharmed());
}

TEST_F(OrphansTest, AreNotProcessesOfAnEarlierRunOfTheKernel) {
  ListedWorker other = Listed();
  other.boot_id = "01234567-89ab-cdef-0123-456789abcdef";
  EXPECT_EQ(End(other), 0);
  EXPECT_TRUE(IsUnharmed());
}

TEST_F(OrphansTest, AreNotProcessesOfAnotherUser) {
  ListedWorker other = Listed();
  ++other.uid;
  EXPECT_EQ(End(other), 0);
  EXPECT_TRUE(IsUnharmed());
}

TEST_F(OrphansTest, AreLeftAloneIfTheyDoNotKeepTheAddress) {
  auto free = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(free.ok());
  EXPECT_EQ(EndOrphans({Listed()}, {free->address()}, log_, kShort), 0);
  EXPECT_TRUE(IsUnharmed());
}

TEST_F(OrphansTest, AreNotThisProcess) {
  const ListedWorker self = {::getpid(), ipc::StartTimeTicks(::getpid()), ::geteuid(), BootId()};
  EXPECT_EQ(End(self), 0);
}

TEST(Orphans, AreKilledIfTermDoesNotEndThem) {
  auto listener = Listener::Bind(*listen::Address::Parse("127.0.0.1:0"));
  ASSERT_TRUE(listener.ok() && listener->Listen(8).ok());
  const listen::Address address = listener->address();
  ::signal(SIGTERM, SIG_IGN);
  IdleChild child;
  ::signal(SIGTERM, SIG_DFL);
  Log log;

  const int ended =
      EndOrphans({{child.pid(), ipc::StartTimeTicks(child.pid()), ::geteuid(), BootId()}},
                 {address}, log, kShort);

  // A busy machine may take longer, and then there is nothing to count.
  EXPECT_LE(ended, 1);
  EXPECT_EQ(child.Join(), -SIGKILL);
}

}  // namespace
}  // namespace muster::master
