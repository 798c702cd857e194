// Upgrades on the simulated machine.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/simulated_machine.h"
#include "muster/master/decide/upgrade.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

using State = UpgradeRecord::State;
using What = UpgradeEvent::What;

void SimulatedMachine::OrderAnUpgrade() {
  const int what = Any(4);
  const auto order = what < 2 ? What::kUpgrade : what == 2 ? What::kUndo : What::kCommit;
  const bool is_signal = order == What::kUpgrade && Any(4) == 0;
  Give(UpgradeEvent{.request = is_signal ? 0 : NewRequest(),
                    .what = order,
                    .id = is_signal ? "" : "id",
                    .by = "uid 0",
                    .version = "1",
                    .worker_file = Any(2) == 0 ? "" : "/worker"});
}

void SimulatedMachine::Do(const TryProgramAction& action, std::vector<Event>* outcomes) {
  EXPECT_FALSE(trying_ || has_tried_ || has_old_) << "a third program";
  EXPECT_EQ(core_->state(), MasterState::kRunning);
  EXPECT_FALSE(core_->trial().is_on());
  EXPECT_TRUE(loaded_.empty());
  for (const RequestId request : unanswered_) {
    EXPECT_TRUE(request == last_request_ || patient_.count(request) > 0)
        << "something else is under way";
  }
  brought_ = 0;
  trying_ = action.upgrade;
  if (Any(2) == 0) outcomes->push_back(AnyVerdict());
}

Event SimulatedMachine::AnyVerdict() {
  ProgramTriedEvent verdict{.upgrade = *std::exchange(trying_, std::nullopt), .version = "2"};
  if (Any(4) == 0) {
    verdict.status = absl::AbortedError("it is no master");
  } else {
    has_tried_ = true;
  }
  return verdict;
}

void SimulatedMachine::Do(const AbandonProgramAction& action, std::vector<Event>*) {
  if (trying_ == action.upgrade) trying_.reset();
  has_tried_ = false;
}

void SimulatedMachine::Do(const ExecAction& action, std::vector<Event>*) {
  EXPECT_TRUE(action.is_way_back ? has_old_ : has_tried_) << "executes what there is not";
  EXPECT_TRUE(unanswered_.empty()) << "a call waits beyond the exec";
  exec_ = action.is_way_back;
}

void SimulatedMachine::Do(const DropOldProgramAction&, std::vector<Event>*) {
  EXPECT_TRUE(has_old_) << "dropped what there is not";
  has_old_ = false;
}

void SimulatedMachine::Execute() {
  const bool is_way_back = *std::exchange(exec_, std::nullopt);
  EXPECT_EQ(core_->CheckQuiet(), absl::OkStatus());
  EXPECT_TRUE(unanswered_.empty()) << "a call waits beyond the exec";
  EXPECT_FALSE(stop_asked_);
  EXPECT_FALSE(is_retiring_) << "clients wait in a dropped listener";
  if (Any(4) == 0) return Give(ExecFailedEvent{absl::AbortedError("ENOMEM")});
  if (!has_twin_) {
    std::optional<SupervisorCore> restored = Restore(core_->Save());
    ASSERT_TRUE(restored.has_value()) << difference_;
    core_.emplace(*std::move(restored));
  }
  now_ += std::chrono::milliseconds(Any(300));
  // One dies meanwhile, and is noticed later.
  std::optional<std::uint32_t> dead;
  if (!processes_.empty() && Any(3) == 0) {
    dead = AnySlot();
    processes_.erase(*dead);
    not_spawned_.insert(*dead);
  }
  if (Any(4) == 0) {
    Give(UpgradeUndoneEvent{"it crashed"});
  } else {
    if (is_way_back) {
      EXPECT_FALSE(IsOfUpgrade(committed_)) << "back, but the new workers serve";
    }
    has_old_ = !is_way_back;
    has_tried_ = false;
    Give(UpgradedEvent{});
  }
  if (!dead) return;
  not_spawned_.erase(*dead);
  Give(ExitedEvent{*dead, {.pid = 1, .was_killed = true, .code = SIGSEGV}});
}

bool SimulatedMachine::IsOfUpgrade(std::uint64_t generation) const {
  while (generation != 0 && generation != brought_) {
    const GenerationRecord* const record = core_->generations().Find(generation);
    generation = record == nullptr ? 0 : record->copy_of;
  }
  return generation != 0;
}

void SimulatedMachine::CheckUpgrade() const {
  const Upgrade& upgrade = core_->upgrade();
  EXPECT_TRUE(upgrade.way_back() == 0 || kept_.at(upgrade.way_back()))
      << "the way back of an upgrade is gone";
  switch (upgrade.record().state) {
    case State::kNone:
    case State::kRefused:
    case State::kUndone:
    case State::kCommitted:
      EXPECT_FALSE(has_old_ || has_tried_ || trying_) << "a program is left";
      break;
    case State::kTrying:
      EXPECT_TRUE(trying_);
      break;
    case State::kReplacing:
      EXPECT_TRUE(has_tried_);
      break;
    case State::kBringing:
    case State::kOnTrial:
    case State::kUndoing:
    case State::kReturning:
      EXPECT_TRUE(has_old_) << "no program is left to go back to";
      break;
  }
  EXPECT_FALSE(is_hup_owed_ && !upgrade.is_under_way() && core_->state() == MasterState::kRunning)
      << "a signal was forgotten";
}

}  // namespace muster::master
