#include "muster/master/decide/testing/simulated_machine.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/master/decide/generations.h"

namespace muster::master {

using std::chrono::milliseconds;
using std::chrono::seconds;

void SimulatedMachine::Run(int events) {
  Give(StartEvent{AnySettings()});
  const auto is_over = [this] {
    return exited_ || !difference_.empty() || testing::Test::HasFailure();
  };
  for (int i = 0; i < events && !is_over(); ++i) Step();
  if (!difference_.empty()) return;
  if (!exited_) End();
  if (testing::Test::HasFailure()) return;
  EXPECT_TRUE(exited_);
  EXPECT_TRUE(processes_.empty());
  EXPECT_TRUE(unanswered_.empty());
  // Late comers are answered as well.
  Give(ReloadEvent{NewReload()});
  Give(QuitEvent{NewRequest()});
  Give(ReopenEvent{NewRequest(), absl::OkStatus()});
  EXPECT_TRUE(unanswered_.empty());
}

Settings SimulatedMachine::AnySettings() {
  return {.workers = static_cast<std::uint32_t>(1 + Any(4)),
          .ready_timeout = seconds(1 + Any(5)),
          .shutdown_timeout = seconds(Any(5)),
          .drain_ack_timeout = seconds(1 + Any(3)),
          .max_generations = static_cast<std::uint32_t>(2 + Any(2)),
          .restart = {.floor = milliseconds(1 + Any(static_cast<int>(kLongestFloor.count()))),
                      .ceiling = milliseconds(kLongestFloor.count() + Any(100)),
                      .reset = Any(2) == 0 ? Duration::zero() : milliseconds(Any(1000)),
                      .burst = static_cast<std::uint32_t>(Any(4)),
                      .crash_loop_limit = static_cast<std::uint32_t>(1 + Any(30))},
          .heartbeat_timeout = seconds(Any(3)),
          .kills_hung = Any(2) == 0,
          .hash = absl::StrCat("hash ", Any(2)),
          .is_from_call = Any(4) == 0,
          .can_scale = Any(4) > 0,
          .trial = Any(3) == 0 ? Duration::zero() : milliseconds(1000 + Any(20000)),
          .trial_max_crashes = static_cast<std::uint32_t>(Any(4))};
}

std::uint32_t SimulatedMachine::AnySlot() {
  return std::next(processes_.begin(), Any(static_cast<int>(processes_.size())))->first;
}

void SimulatedMachine::Step() {
  CheckState();
  const int what = Any(1000);
  if (what < 300) {
    SomethingInAProcess();
  } else if (what < 790) {
    PassTime();
  } else if (what < 800) {
    OrderAnUpgrade();
  } else if (what < 880) {
    AskForAReload();
  } else if (what < 940) {
    Give(ReopenEvent{NewRequest(), Any(9) == 0 ? absl::AbortedError("log") : absl::OkStatus()});
  } else if (what < 960) {
    ALoadEnds();
    TheLastDroppedListenerEnds();
    if (trying_) Give(AnyVerdict());
  } else if (what < 970) {
    Give(ScaleEvent{Any(2) == 0 ? 1 : -1});
  } else if (what < 975) {
    // Also to generations that there are not.
    RollbackEvent rollback = {NewRequest(),
                              static_cast<std::uint64_t>(Any(static_cast<int>(committed_) + 2))};
    if (Any(4) == 0) rollback.condition.generation = core_->generation() - Any(2);
    Give(rollback);
  } else if (what < 990) {
    OrderWorkers();
  } else if (what < 994) {
    Give(PauseEvent{Any(2) == 0 ? 0 : NewRequest()});
    if (Any(2) == 0) Give(ResumeEvent{NewRequest()});
  } else if (what < 996) {
    // Exits of processes and slots that nobody knows.
    Give(ExitedEvent{static_cast<std::uint32_t>(kSlots + Any(9)), {}});
    Give(AckedEvent{static_cast<std::uint32_t>(Any(kSlots)), 999'999'999, ""});
  } else if (what < 999) {
    SomebodyWaitsNoLonger();
  } else if (what == 999 && Any(20) == 0) {
    if (Any(2) == 0) {
      Give(QuitEvent{NewRequest()});
    } else {
      Give(StopEvent{NewRequest()});
    }
  }
}

void SimulatedMachine::AskForAReload() {
  const bool is_locked = core_->upgrade().is_under_way() && !stop_asked_;
  if (Any(3) == 0) {
    if (is_locked) is_hup_owed_ = true;
    return Give(ReloadEvent{});
  }
  const RequestId request = NewReload();
  if (is_locked) locked_out_ = request;
  const bool has_config = Any(4) == 0;
  const bool until_drained = Any(3) == 0;
  if (has_config) configs_.insert(request);
  if (until_drained) patient_.insert(request);
  // Of what serves, or of what has served before.
  const std::uint64_t only_if = Any(4) == 0 ? core_->generation() - Any(2) : 0;
  const std::string only_if_hash = Any(8) == 0 ? absl::StrCat("hash ", Any(2)) : "";
  Give(ReloadEvent{request,
                   has_config,
                   until_drained,
                   {.generation = only_if, .hash = only_if_hash},
                   Any(2) == 0 ? "" : "uid 0"});
  EXPECT_FALSE(is_locked && unanswered_.count(request) > 0) << "a reload waits for an upgrade";
  locked_out_ = 0;
}

void SimulatedMachine::OrderWorkers() {
  using What = WorkerOrderEvent::What;
  const auto what = static_cast<What>(Any(6));
  const int number = what == What::kScale ? 1 + Any(6) : Any(5);
  orders_.insert(NewRequest());
  if (core_->upgrade().is_under_way() && !stop_asked_) locked_out_ = last_request_;
  WorkerOrderEvent order = {last_request_, what, static_cast<std::uint32_t>(number)};
  // Of the process that there is, or of another one.
  if (locked_out_ == 0 && what != What::kRestartAll && what != What::kScale && Any(3) == 0) {
    order.condition.generation = Any(2) == 0 ? core_->generation() : 0;
    for (const auto& [slot, worker] : core_->workers()) {
      if (worker.index == order.number) order.condition.pid = worker.pid + (Any(3) == 0 ? 1 : 0);
    }
  }
  Give(order);
  locked_out_ = 0;
}

void SimulatedMachine::SomebodyWaitsNoLonger() {
  if (last_request_ == 0) return;
  withdrawn_ = 1 + static_cast<RequestId>(Any(static_cast<int>(last_request_)));
  if (!unanswered_.empty() && Any(4) != 0) withdrawn_ = *unanswered_.rbegin();
  Give(WithdrawEvent{withdrawn_, "its deadline came"});
  EXPECT_FALSE(reloads_.count(withdrawn_) > 0 && unanswered_.count(withdrawn_) > 0);
  withdrawn_ = 0;
}

void SimulatedMachine::SomethingInAProcess() {
  if (processes_.empty()) return;
  const std::uint32_t slot = AnySlot();
  Process& process = processes_[slot];
  const int what = Any(100);
  if (process.is_killed || what < 4) {
    Die(slot, {.pid = 1, .was_killed = true, .code = process.is_killed ? SIGKILL : SIGSEGV});
  } else if (process.is_asked && what < 60) {
    Die(slot, {.pid = 1, .code = 0});
  } else if (!process.is_ready && what < 90) {
    process.is_ready = true;
    process.serves = process.protocol < worker::kServeVersion;
    Give(ReadyEvent{slot, process.protocol});
  } else if (!process.is_ready) {
    Give(FailedEvent{slot, absl::AbortedError("no"), process.protocol});
    Die(slot, {.pid = 1, .code = 1 + Any(2)});
  } else if (what >= 90 && what < 95) {
    // Of it, or of an earlier process of its slot.
    const pid_t pid = Any(5) == 0 ? 1 : process.pid;
    const bool is_stopped = Any(3) == 0;
    if (Any(3) == 0) {
      Give(WokeEvent{slot, pid});
      EXPECT_FALSE(process.is_killed);
    } else {
      hangs_ = slot;
      Give(HungEvent{.slot = slot, .pid = pid, .is_stopped = is_stopped});
      hangs_.reset();
      EXPECT_FALSE(process.is_killed && (is_stopped || pid == 1)) << "killed without a reason";
    }
  } else if (!process.tokens.empty()) {
    const std::uint32_t token = process.tokens.back();
    process.tokens.pop_back();
    if (process.unacknowledged == token) process.unacknowledged = 0;
    if (process.reopening == token) process.reopening = 0;
    Give(AckedEvent{slot, token, Any(5) == 0 ? "cannot" : ""});
  }
}

void SimulatedMachine::Die(std::uint32_t slot, const ipc::ProcessExit& exit) {
  processes_.erase(slot);
  Give(ExitedEvent{slot, exit, static_cast<std::uint64_t>(Any(3))});
}

void SimulatedMachine::PassTime() {
  const std::optional<TimePoint> deadline = core_->next_deadline();
  const TimePoint later = now_ + milliseconds(Any(400));
  if (deadline && *deadline <= later) {
    const TimePoint then = now_ = std::max(now_, *deadline);
    Give(TickEvent{});
    const std::optional<TimePoint> next = core_->next_deadline();
    EXPECT_TRUE(!next || *next > then) << "a deadline that has come stays";
  } else {
    now_ = later;
  }
}

void SimulatedMachine::ALoadEnds() {
  if (loading_.empty()) return;
  const LoadId load = *std::next(loading_.begin(), Any(static_cast<int>(loading_.size())));
  loading_.erase(load);
  Give(AnyEndOf(load));
}

void SimulatedMachine::End() {
  Give(StopEvent{NewRequest()});
  for (int i = 0; i < 1000 && !exited_; ++i) {
    std::vector<std::uint32_t> killed;
    for (const auto& [slot, process] : processes_) {
      if (process.is_killed) killed.push_back(slot);
    }
    for (std::uint32_t slot : killed) Die(slot, {.pid = 1, .was_killed = true, .code = SIGKILL});
    const std::optional<TimePoint> deadline = core_->next_deadline();
    if (deadline) now_ = std::max(now_, *deadline);
    Give(TickEvent{});
  }
}

void SimulatedMachine::Give(const Event& event) {
  refusals_.clear();
  ++depth_;
  const std::vector<Action> actions = core_->Handle(event, now_);
  if (twin_) CompareTwin(event, actions);
  std::vector<Event> outcomes;
  for (const Action& action : actions) {
    std::visit([&](const auto& which) { Do(which, &outcomes); }, action);
  }
  for (const Event& outcome : outcomes) {
    if (const auto* failed = std::get_if<SpawnFailedEvent>(&outcome)) {
      not_spawned_.erase(failed->slot);
    }
    Give(outcome);
  }
  if (--depth_ > 0) return;
  if (has_twin_ && core_->CheckQuiet().ok()) RestoreTwin();
  if (exec_ && core_->upgrade().is_executing()) Execute();
}

void SimulatedMachine::CheckState() const {
  if (exited_) return;
  if (core_->state() == MasterState::kRunning) {
    EXPECT_GT(core_->wanted_workers(), 0u) << "nobody is to serve, and the master goes on";
  }
  std::set<std::uint64_t> alive;
  for (const auto& [slot, process] : processes_) {
    // Older ones serve before the commit, and drain if there is none.
    const bool counts = !process.is_cut && process.protocol >= worker::kServeVersion;
    if (counts) alive.insert(process.generation);
  }
  // The cap of AnySettings, and the one that is being started.
  EXPECT_LE(alive.size(), 3u + 1u) << "more generations than the cap";
  EXPECT_LE(kept_.size(), Generations::kMostKept + alive.size() + 1);
  EXPECT_TRUE(!core_->trial().is_on() || kept_.at(core_->trial().previous()))
      << "the way back of a trial is gone";
  CheckRestart();
  CheckUpgrade();
}

void SimulatedMachine::CheckRestart() const {
  if (core_->state() != MasterState::kRunning) return;
  std::optional<TimePoint> first;
  for (const auto& [slot, worker] : core_->workers()) {
    if (worker.generation != core_->generation() || !worker.is_wanted) continue;
    if (HasProcess(worker.state)) return;
    if (worker.state != WorkerState::kBackoff || !worker.has_served) continue;
    if (!first || *worker.deadline < *first) first = worker.deadline;
  }
  EXPECT_TRUE(!first || *first <= now_ + kLongestFloor) << "nobody serves, and nobody is started";
}

}  // namespace muster::master
