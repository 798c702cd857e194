// A core is saved and restored, and a state that is not whole or makes no sense is refused.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/supervisor_core_fixture.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {
namespace {

using state::v1::CoreState;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SupervisorCoreState : public SupervisorCoreTest {
 protected:
  static std::string WhyRefused(const CoreState& state) {
    return std::string(SupervisorCore::Restore(state, 1024).status().message());
  }
};

TEST_F(SupervisorCoreState, IsQuietOnceItServes) {
  EXPECT_EQ(core_.CheckQuiet(), absl::FailedPreconditionError("nothing serves yet"));
  StartServing();
  EXPECT_EQ(core_.CheckQuiet(), absl::OkStatus());
}

TEST_F(SupervisorCoreState, NamesWhatIsUnderWay) {
  StartServing();
  Give(ReloadEvent{});
  EXPECT_EQ(core_.CheckQuiet(), absl::FailedPreconditionError("a reload is under way"));
  Give(LoadRefusedEvent{load_, absl::InternalError("")});
  Give(PauseEvent{});
  EXPECT_EQ(core_.CheckQuiet(), absl::FailedPreconditionError("a pause is under way"));
  for (std::uint32_t slot : {0u, 1u}) Give(ExitedEvent{slot, Code(0)});
  EXPECT_EQ(core_.CheckQuiet(), absl::OkStatus());
  Give(ResumeEvent{});
  EXPECT_EQ(core_.CheckQuiet(), absl::FailedPreconditionError("a resume is under way"));
  Give(StopEvent{});
  EXPECT_EQ(core_.CheckQuiet(), absl::FailedPreconditionError("the master is stopping"));
}

TEST_F(SupervisorCoreState, StartsAWorkerAgainWhenItWasToBe) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(11)});
  ASSERT_EQ(core_.CheckQuiet(), absl::OkStatus());
  absl::StatusOr<SupervisorCore> restored = SupervisorCore::Restore(core_.Save(), 1024);
  ASSERT_EQ(restored.status(), absl::OkStatus());
  ASSERT_EQ(restored->next_deadline(), core_.next_deadline());
  EXPECT_EQ(restored->workers().at(0).last_exit, "was killed by SIGSEGV");
  now_ = *restored->next_deadline();
  EXPECT_TRUE(restored->Handle(TickEvent{}, now_) == core_.Handle(TickEvent{}, now_));
}

TEST_F(SupervisorCoreState, IsRefusedIfAFieldIsMissing) {
  StartServing();
  CoreState state = core_.Save();
  state.clear_last_token();
  EXPECT_EQ(WhyRefused(state), "core: last_token is missing");
  state = core_.Save();
  state.mutable_worker(1)->clear_backoff_ns();
  EXPECT_EQ(WhyRefused(state), "core.worker[1]: backoff_ns is missing");
}

TEST_F(SupervisorCoreState, IsRefusedIfAValueIsNotKnownOrOutOfBounds) {
  StartServing();
  CoreState state = core_.Save();
  state.mutable_worker(1)->set_state(static_cast<CoreState::Worker::State>(99));
  EXPECT_EQ(WhyRefused(state), "core.worker[1].state: the value 99 is not known");
  state = core_.Save();
  state.mutable_worker(1)->set_escalation_ns(5);
  EXPECT_EQ(WhyRefused(state), "core.worker[1].escalation_ns: 5 is out of bounds");
  state = core_.Save();
  state.mutable_worker(1)->set_slot(1024);
  EXPECT_EQ(WhyRefused(state), "core.worker[1].slot: is out of bounds");
}

TEST_F(SupervisorCoreState, IsRefusedIfItContradictsItself) {
  StartServing();
  CoreState state = core_.Save();
  state.mutable_worker(1)->set_slot(0);
  EXPECT_EQ(WhyRefused(state), "core.worker[1].slot: it does not grow");
  state = core_.Save();
  state.mutable_worker(0)->set_pid(0);
  EXPECT_EQ(WhyRefused(state), "core.worker[0].pid: is out of bounds");
  state = core_.Save();
  state.set_serving(2);
  EXPECT_EQ(WhyRefused(state), "core.serving: it is not in the history, or is released");
  state = core_.Save();
  state.clear_worker();
  EXPECT_EQ(WhyRefused(state), "core.worker: none serves");
  state = core_.Save();
  state.mutable_generation(0)->set_copy_of(1);
  EXPECT_EQ(WhyRefused(state), "core.generation[0].copy_of: is out of bounds");
}

TEST_F(SupervisorCoreState, OfATrialThatIsOnLeadsBack) {
  settings_.trial = seconds(30);
  settings_.trial_max_crashes = 0;
  StartServing();
  BeginReload(0);
  FinishReload();
  ASSERT_TRUE(core_.trial().is_on());
  absl::StatusOr<SupervisorCore> restored = SupervisorCore::Restore(core_.Save(), 1024);
  ASSERT_EQ(restored.status(), absl::OkStatus());
  restored->Handle(ExitedEvent{2, KilledBy(11)}, now_ + milliseconds(20));
  EXPECT_EQ(restored->trials_failed(), 1u);
  EXPECT_EQ(restored->state(), MasterState::kReloading);
}

}  // namespace
}  // namespace muster::master
