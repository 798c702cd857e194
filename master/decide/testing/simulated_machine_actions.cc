// What the core wants done on the simulated machine, and whether it may want that.

#include <algorithm>
#include <csignal>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/generations.h"
#include "muster/master/decide/testing/simulated_machine.h"

namespace muster::master {

using worker::Command;

void SimulatedMachine::Do(const SpawnAction& action, std::vector<Event>* outcomes) {
  EXPECT_LT(action.slot, kSlots);
  EXPECT_EQ(processes_.count(action.slot), 0u) << "two processes in a slot";
  EXPECT_FALSE(stop_asked_) << "started after the stop";
  EXPECT_TRUE(action.generation <= committed_ ||
              core_->upgrade().record().state != UpgradeRecord::State::kTrying)
      << "a generation was begun while a program is tried";
  taken_.insert(action.slot);
  if (Any(20) == 0) {
    not_spawned_.insert(action.slot);
    outcomes->push_back(SpawnFailedEvent{action.slot, "EAGAIN"});
  } else {
    processes_[action.slot] =
        Process{.generation = action.generation,
                .protocol = Any(5) == 0 ? worker::kOldestProtocolVersion : worker::kProtocolVersion,
                .pid = ++last_pid_};
    outcomes->push_back(SpawnedEvent{action.slot, last_pid_});
  }
}

void SimulatedMachine::Do(const SendAction& action, std::vector<Event>*) {
  if (not_spawned_.count(action.slot) > 0) return;
  const auto found = processes_.find(action.slot);
  ASSERT_NE(found, processes_.end()) << "sent to nobody";
  Process& process = found->second;
  switch (action.command) {
    case Command::kServe:
      EXPECT_EQ(process.generation, committed_) << "serves before the commit";
      EXPECT_TRUE(process.is_ready && !process.serves && !process.is_asked);
      process.serves = true;
      process.tokens.push_back(action.token);
      break;
    case Command::kDrain:
      // One of a generation that failed drains only if it serves already.
      EXPECT_TRUE(process.generation <= committed_ || process.protocol < worker::kServeVersion)
          << "drained without a successor";
      // A worker of the serving generation drains only when there are to be fewer.
      EXPECT_TRUE(process.generation != committed_ || CountServing() > 1);
      EXPECT_TRUE(process.generation != committed_ || !process.serves || AnotherServes(action.slot))
          << "the last one that serves was taken away";
      process.is_asked = true;
      process.unacknowledged = action.token;
      process.tokens.push_back(action.token);
      break;
    case Command::kQuit:
      process.is_asked = true;
      process.unacknowledged = action.token;
      process.tokens.push_back(action.token);
      break;
    case Command::kTerminate:
      process.is_cut = true;
      EXPECT_TRUE(process.is_asked || process.generation <= committed_ || !process.serves)
          << "cut though it serves";
      process.is_asked = true;
      process.unacknowledged = 0;
      break;
    case Command::kReopen:
      EXPECT_TRUE(process.is_ready) << "its version of the protocol is not known";
      EXPECT_EQ(std::exchange(process.reopening, action.token), 0u) << "holds the logs of two";
      process.tokens.push_back(action.token);
      break;
    default:
      ADD_FAILURE() << "unexpected command";
  }
}

void SimulatedMachine::Do(const SignalAction& action, std::vector<Event>*) {
  if (not_spawned_.count(action.slot) > 0) return;
  const auto found = processes_.find(action.slot);
  ASSERT_NE(found, processes_.end()) << "signal to nobody";
  if (action.signal != SIGKILL) return;
  const Process& process = found->second;
  // One that hangs serves nobody.
  EXPECT_TRUE(hangs_ == action.slot || process.is_asked || process.generation != committed_ ||
              !process.serves || AnotherServes(action.slot))
      << "the last one that serves was killed";
  found->second.is_killed = found->second.is_cut = true;
}

void SimulatedMachine::Do(const ReleaseSlotAction& action, std::vector<Event>*) {
  EXPECT_EQ(processes_.count(action.slot), 0u) << "a slot with a process was released";
  EXPECT_EQ(taken_.erase(action.slot), 1u) << "released twice";
}

void SimulatedMachine::Do(const LoadAction& action, std::vector<Event>* outcomes) {
  EXPECT_TRUE(loaded_.empty()) << "loaded twice without a commit or a roll back";
  EXPECT_FALSE(core_->upgrade().is_under_way()) << "a reload was begun during an upgrade";
  if (action.config_of == 0) is_hup_owed_ = false;
  EXPECT_TRUE(action.config_of == 0 || configs_.erase(action.config_of) == 1u)
      << "loaded what nobody brought, or loaded it twice";
  EXPECT_TRUE(action.config_of == 0 || unanswered_.count(action.config_of) == 1u);
  if (Any(4) == 0) {
    loading_.insert(action.load);
  } else {
    outcomes->push_back(AnyEndOf(action.load));
  }
}

void SimulatedMachine::Do(const LoadAgainAction& action, std::vector<Event>* outcomes) {
  EXPECT_TRUE(loaded_.empty()) << "loaded twice without a commit or a roll back";
  EXPECT_GT(kept_.count(action.generation), 0u) << "loads what is forgotten";
  using State = UpgradeRecord::State;
  const State state = core_->upgrade().record().state;
  EXPECT_EQ(action.worker_file.has_value(), state == State::kBringing);
  EXPECT_TRUE(!core_->upgrade().is_under_way() || action.worker_file.has_value() ||
              state == State::kUndoing)
      << "another generation was begun during an upgrade";
  if (Any(4) == 0) {
    loading_.insert(action.load);
  } else {
    outcomes->push_back(AnyEndOf(action.load));
  }
}

void SimulatedMachine::Do(const ReleaseAction& action, std::vector<Event>*) {
  ASSERT_GT(kept_.count(action.generation), 0u) << "released what there is not";
  EXPECT_TRUE(kept_[action.generation]) << "released twice";
  EXPECT_NE(action.generation, committed_) << "released what serves";
  for (const auto& [slot, process] : processes_) {
    EXPECT_NE(process.generation, action.generation) << "released under its workers";
  }
  kept_[action.generation] = false;
}

void SimulatedMachine::Do(const ForgetAction& action, std::vector<Event>*) {
  ASSERT_GT(kept_.count(action.generation), 0u) << "forgot what there is not";
  EXPECT_FALSE(kept_[action.generation]) << "forgot before it was released";
  EXPECT_GE(kept_.size(), Generations::kMostKept);
  kept_.erase(action.generation);
}

Event SimulatedMachine::AnyEndOf(LoadId load) {
  if (Any(4) == 0) return LoadRefusedEvent{load, absl::InvalidArgumentError("mistake")};
  loaded_.insert(load);
  return LoadedEvent{load, AnySettings()};
}

void SimulatedMachine::Do(const CountClosedAction&, std::vector<Event>*) {}

void SimulatedMachine::Do(const NotifyAction& action, std::vector<Event>*) {
  const bool is_reloading = action.what == NotifyAction::What::kReloading;
  EXPECT_FALSE(is_reloading && is_told_reloading_) << "a reload began before the last one ended";
  is_told_reloading_ = is_reloading;
}

void SimulatedMachine::Do(const AbandonLoadAction& action, std::vector<Event>* outcomes) {
  if (!action.is_overdue) return;
  outcomes->push_back(LoadRefusedEvent{action.load, absl::DeadlineExceededError("hangs")});
}

void SimulatedMachine::Do(const ListenAction& action, std::vector<Event>* outcomes) {
  EXPECT_GT(action.generation, committed_);
  const int what = Any(12);
  if (what == 0) {
    outcomes->push_back(ListenRefusedEvent{action.generation, absl::AlreadyExistsError("listen")});
    return;
  }
  for (const auto& [slot, process] : processes_) {
    if (what != 1 || process.generation != action.generation) continue;
    // It has died, and nobody has noticed before.
    outcomes->push_back(ExitedEvent{slot, {.pid = 1, .was_killed = true, .code = SIGSEGV}});
    processes_.erase(slot);
    return;
  }
  outcomes->push_back(ListeningEvent{action.generation});
}

void SimulatedMachine::TheLastDroppedListenerEnds() {
  if (std::exchange(is_retiring_, false)) Give(RetirementEvent{.is_under_way = false});
}

void SimulatedMachine::Do(const CommitAction& action, std::vector<Event>* outcomes) {
  EXPECT_GT(action.generation, committed_);
  is_retiring_ = Any(2) == 0;
  outcomes->push_back(RetirementEvent{is_retiring_});
  std::uint32_t members = 0;
  for (const auto& [slot, process] : processes_) {
    if (process.generation != action.generation) continue;
    ++members;
    EXPECT_TRUE(process.is_ready) << "committed before all were ready";
    EXPECT_FALSE(process.is_asked) << "a command of the reload reached the new generation";
  }
  EXPECT_GT(members, 0u);
  if (core_->upgrade().record().state == UpgradeRecord::State::kBringing) {
    brought_ = action.generation;
    EXPECT_EQ(action.way_back, committed_);
  }
  committed_ = action.generation;
  kept_[committed_] = true;
  EXPECT_LE(loaded_.size(), 1u) << "committed with a load left";
  loaded_.clear();
}

void SimulatedMachine::Do(const RollBackAction& action, std::vector<Event>*) {
  loaded_.erase(action.load);
}

void SimulatedMachine::Do(const CloseListenersAction&, std::vector<Event>*) {
  EXPECT_FALSE(stop_asked_);
  stop_asked_ = true;
}

void SimulatedMachine::Do(const ReplyAction& action, std::vector<Event>*) {
  EXPECT_EQ(unanswered_.erase(action.request), 1u) << "answered twice, or unasked";
  const absl::Status& status = action.outcome.status;
  if (action.request == locked_out_) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status) &&
                absl::StrContains(status.message(), "an upgrade is under way"))
        << status;
  }
  if (absl::IsCancelled(status)) {
    EXPECT_EQ(action.request, withdrawn_);
    EXPECT_TRUE(core_->state() == MasterState::kReloading || reloads_.count(action.request) == 0);
    return;
  }
  if (status.ok() && action.outcome.generation != 0 && action.outcome.warnings.empty() &&
      orders_.count(action.request) == 0) {
    for (const auto& [slot, process] : processes_) {
      EXPECT_TRUE(process.generation >= action.outcome.generation || process.unacknowledged == 0 ||
                  process.is_killed)
          << "answered before the old worker in slot " << slot << " has drained";
    }
  }
  if (status.ok() && patient_.count(action.request) > 0 && action.request != withdrawn_ &&
      !core_->upgrade().is_executing()) {
    for (const auto& [slot, process] : processes_) {
      EXPECT_GE(process.generation, action.outcome.generation)
          << "answered before the old worker in slot " << slot << " has ended";
    }
  }
  if (status.ok() || reloads_.count(action.request) == 0) return;
  // In one event an attempt may fail, and the next one not begin, for its condition is not met.
  const std::string message(status.message());
  const auto is_unmet = [](const std::string& text) {
    return absl::StartsWith(text, "reload refused: ") &&
           (absl::StrContains(text, " serves, not ") || absl::StrContains(text, " is hash "));
  };
  if (is_unmet(message)) {
    EXPECT_THAT(refusals_, testing::Contains(message)) << "told one thing and logged another";
  } else {
    std::vector<std::string> of_attempts = refusals_;
    std::erase_if(of_attempts, is_unmet);
    EXPECT_THAT(of_attempts, testing::ElementsAre(message)) << "told one thing and logged another";
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
              absl::IsAborted(status))
      << status;
}

void SimulatedMachine::Do(const LogAction& action, std::vector<Event>*) {
  if (!absl::StartsWith(action.text, "reload refused")) return;
  refusals_.push_back(action.text);
  if (!absl::StrContains(action.text, "goes on serving")) return;
  EXPECT_TRUE(absl::StrContains(action.text, absl::StrCat("generation ", committed_, " goes")));
  const bool is_served = std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
    return entry.second.generation == committed_ && entry.second.is_ready;
  });
  // The death of some is not known yet.
  EXPECT_TRUE(is_served || !not_spawned_.empty()) << action.text;
}

void SimulatedMachine::Do(const ExitAction&, std::vector<Event>*) {
  EXPECT_FALSE(exited_) << "exited twice";
  EXPECT_TRUE(processes_.empty()) << "left processes behind";
  EXPECT_TRUE(taken_.empty()) << "left slots taken";
  exited_ = true;
}

bool SimulatedMachine::AnotherServes(std::uint32_t slot) const {
  return std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
    const Process& process = entry.second;
    return entry.first != slot && process.generation == committed_ && process.serves &&
           !process.is_asked && !process.is_killed;
  });
}

std::uint32_t SimulatedMachine::CountServing() const {
  std::uint32_t count = 1;  // the one that is asked now
  for (const auto& [slot, worker] : core_->workers()) {
    if (worker.generation == committed_ && worker.is_wanted) ++count;
  }
  return count;
}

}  // namespace muster::master
