// What the core does about workers that do not run their loop.

#include <csignal>

#include "gmock/gmock.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SupervisorCoreHungTest : public SupervisorCoreTest {
 protected:
  void Hang(std::uint32_t slot, bool is_stopped = false) {
    Give(HungEvent{.slot = slot,
                   .pid = static_cast<pid_t>(100 + slot),
                   .silent = milliseconds(12'345),
                   .is_stopped = is_stopped,
                   .findings = " while it served GET /x; its process runs"});
  }
};

TEST_F(SupervisorCoreHungTest, AreToldOnceUntilTheyRunAgain) {
  StartServing();
  Hang(1);
  Hang(1);
  EXPECT_THAT(log_, ElementsAre("worker 1 of generation 1 (pid 101) does not run its loop for 12s "
                                "while it served GET /x; its process runs"));
  EXPECT_THAT(signalled_, IsEmpty());
  Give(WokeEvent{1, 101});
  Give(WokeEvent{1, 101});
  EXPECT_THAT(log_, ElementsAre(HasSubstr("does not run its loop"),
                                "worker 1 of generation 1 (pid 101) runs its loop again"));
  Hang(1);
  EXPECT_EQ(log_.size(), 3u);
}

TEST_F(SupervisorCoreHungTest, AreKilledIfTheirConfigurationWantsThat) {
  settings_.kills_hung = true;
  StartServing();
  Hang(0);
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
  EXPECT_THAT(log_, Contains("worker 0 of generation 1 (pid 100) hangs; it is killed, since "
                             "hung_worker is KILL"));
  Hang(0);
  EXPECT_EQ(signalled_.size(), 1u) << "until it is dead";
  Give(ExitedEvent{.slot = 0, .exit = KilledBy(SIGKILL)});
  EXPECT_EQ(core_.crashes(), 1u);
  Pass(seconds(10));
  EXPECT_THAT(spawned_, ElementsAre(0)) << "it is started again";
}

TEST_F(SupervisorCoreHungTest, AreNotKilledIfSomebodyHasStoppedThem) {
  settings_.kills_hung = true;
  StartServing();
  Hang(0, true);
  EXPECT_THAT(signalled_, IsEmpty());
  EXPECT_THAT(log_, ElementsAre(HasSubstr("does not run its loop")));
}

TEST_F(SupervisorCoreHungTest, HaveThePolicyOfTheConfigurationThatStartedThem) {
  StartServing();
  settings_.kills_hung = true;
  BeginReload(1);
  FinishReload();
  Forget();
  Hang(0);
  EXPECT_THAT(signalled_, IsEmpty());
  Hang(2);
  EXPECT_THAT(signalled_, ElementsAre(Signalled{2, SIGKILL}));
}

TEST_F(SupervisorCoreHungTest, AreEndedForGoodIfTheyDrain) {
  settings_.kills_hung = true;
  StartServing();
  BeginReload(1);
  FinishReload();
  Forget();
  Hang(0);
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
  Give(ExitedEvent{.slot = 0, .exit = KilledBy(SIGKILL)});
  EXPECT_EQ(core_.crashes(), 0u);
  Pass(seconds(10));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(released_, ElementsAre(0));
}

TEST_F(SupervisorCoreHungTest, AreNobodyElse) {
  settings_.kills_hung = true;
  StartServing();
  Give(HungEvent{.slot = 0, .pid = 7});     // an earlier process of the slot
  Give(HungEvent{.slot = 99, .pid = 199});  // a slot that nobody has
  Give(WokeEvent{99, 199});
  Give(ExitedEvent{.slot = 1, .exit = KilledBy(SIGSEGV)});
  Forget();
  Hang(1);  // it is dead
  EXPECT_THAT(signalled_, IsEmpty());
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace muster::master
