// Drives the core through random histories and checks what must hold in each.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/supervisor_core.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using worker::Command;

constexpr std::uint32_t kSlots = 24;

// Stands for the machine: processes that live, get ready, obey or do not, and die.
class Machine {
 public:
  explicit Machine(unsigned seed) : random_(seed) {}

  void Run(int events) {
    Give(StartEvent{AnySettings()});
    for (int i = 0; i < events && !exited_ && !testing::Test::HasFailure(); ++i) Step();
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

 private:
  struct Process {
    std::uint64_t generation = 0;
    std::uint32_t protocol = worker::kProtocolVersion;
    pid_t pid = 0;
    bool is_ready = false;
    bool serves = false;               // accepts connections
    std::uint32_t unacknowledged = 0;  // the token of its DRAIN or QUIT
    bool is_asked = false;             // to end, in whatever way
    bool is_cut = false;               // told to end at once
    bool is_killed = false;            // SIGKILL
    std::vector<std::uint32_t> tokens{};
  };

  int Any(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  RequestId NewRequest() {
    unanswered_.insert(++last_request_);
    return last_request_;
  }
  RequestId NewReload() {
    reloads_.insert(NewRequest());
    return last_request_;
  }
  Settings AnySettings() {
    return {.workers = static_cast<std::uint32_t>(1 + Any(4)),
            .ready_timeout = seconds(1 + Any(5)),
            .shutdown_timeout = seconds(Any(5)),
            .drain_ack_timeout = seconds(1 + Any(3)),
            .max_generations = static_cast<std::uint32_t>(2 + Any(2)),
            .crash_loop_limit = static_cast<std::uint32_t>(1 + Any(30)),
            .heartbeat_timeout = seconds(Any(3)),
            .kills_hung = Any(2) == 0,
            .can_scale = Any(4) > 0,
            .trial = Any(3) == 0 ? Duration::zero() : milliseconds(1000 + Any(20000)),
            .trial_max_crashes = static_cast<std::uint32_t>(Any(4))};
  }
  std::uint32_t AnySlot() {
    return std::next(processes_.begin(), Any(static_cast<int>(processes_.size())))->first;
  }

  void Step() {
    CheckState();
    const int what = Any(1000);
    if (what < 300) {
      SomethingInAProcess();
    } else if (what < 800) {
      PassTime();
    } else if (what < 880) {
      AskForAReload();
    } else if (what < 940) {
      Give(ReopenEvent{NewRequest(), Any(9) == 0 ? absl::AbortedError("log") : absl::OkStatus()});
    } else if (what < 960) {
      ALoadEnds();
    } else if (what < 970) {
      Give(ScaleEvent{Any(2) == 0 ? 1 : -1});
    } else if (what < 975) {
      // Also to generations that there are not.
      Give(RollbackEvent{NewRequest(),
                         static_cast<std::uint64_t>(Any(static_cast<int>(committed_) + 2))});
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

  void AskForAReload() {
    if (Any(3) == 0) return Give(ReloadEvent{});
    const RequestId request = NewReload();
    const bool has_config = Any(4) == 0;
    const bool until_drained = Any(3) == 0;
    if (has_config) configs_.insert(request);
    if (until_drained) patient_.insert(request);
    // Of what serves, or of what has served before.
    const std::uint64_t only_if = Any(4) == 0 ? core_.generation() - Any(2) : 0;
    Give(ReloadEvent{request, has_config, until_drained, {.generation = only_if}});
  }

  void OrderWorkers() {
    using What = WorkerOrderEvent::What;
    const auto what = static_cast<What>(Any(6));
    const int number = what == What::kScale ? 1 + Any(6) : Any(5);
    orders_.insert(NewRequest());
    Give(WorkerOrderEvent{last_request_, what, static_cast<std::uint32_t>(number)});
  }

  void SomebodyWaitsNoLonger() {
    if (last_request_ == 0) return;
    withdrawn_ = 1 + static_cast<RequestId>(Any(static_cast<int>(last_request_)));
    if (!unanswered_.empty() && Any(4) != 0) withdrawn_ = *unanswered_.rbegin();
    Give(WithdrawEvent{withdrawn_, "its deadline came"});
    EXPECT_FALSE(reloads_.count(withdrawn_) > 0 && unanswered_.count(withdrawn_) > 0);
    withdrawn_ = 0;
  }

  void SomethingInAProcess() {
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
      Give(AckedEvent{slot, token, Any(5) == 0 ? "cannot" : ""});
    }
  }

  void Die(std::uint32_t slot, const ipc::ProcessExit& exit) {
    processes_.erase(slot);
    Give(ExitedEvent{slot, exit});
  }

  void PassTime() {
    const std::optional<TimePoint> deadline = core_.next_deadline();
    const TimePoint later = now_ + milliseconds(Any(400));
    if (deadline && *deadline <= later) {
      now_ = std::max(now_, *deadline);
      Give(TickEvent{});
      const std::optional<TimePoint> next = core_.next_deadline();
      EXPECT_TRUE(!next || *next > now_) << "a deadline that has come stays";
    } else {
      now_ = later;
    }
  }

  // Asks to stop; from now on only what has been killed is sure to die.
  void End() {
    Give(StopEvent{NewRequest()});
    for (int i = 0; i < 1000 && !exited_; ++i) {
      std::vector<std::uint32_t> killed;
      for (const auto& [slot, process] : processes_) {
        if (process.is_killed) killed.push_back(slot);
      }
      for (std::uint32_t slot : killed) Die(slot, {.pid = 1, .was_killed = true, .code = SIGKILL});
      const std::optional<TimePoint> deadline = core_.next_deadline();
      if (deadline) now_ = std::max(now_, *deadline);
      Give(TickEvent{});
    }
  }

  void Give(const Event& event) {
    refusals_.clear();
    const std::vector<Action> actions = core_.Handle(event, now_);
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
  }

  void Do(const SpawnAction& action, std::vector<Event>* outcomes) {
    EXPECT_LT(action.slot, kSlots);
    EXPECT_EQ(processes_.count(action.slot), 0u) << "two processes in a slot";
    EXPECT_FALSE(stop_asked_) << "started after the stop";
    taken_.insert(action.slot);
    if (Any(20) == 0) {
      not_spawned_.insert(action.slot);
      outcomes->push_back(SpawnFailedEvent{action.slot, "EAGAIN"});
    } else {
      processes_[action.slot] = Process{
          .generation = action.generation,
          .protocol = Any(5) == 0 ? worker::kOldestProtocolVersion : worker::kProtocolVersion,
          .pid = ++last_pid_};
      outcomes->push_back(SpawnedEvent{action.slot, last_pid_});
    }
  }
  void Do(const SendAction& action, std::vector<Event>*) {
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
        EXPECT_TRUE(process.generation != committed_ || !process.serves ||
                    AnotherServes(action.slot))
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
        process.tokens.push_back(action.token);
        break;
      default:
        ADD_FAILURE() << "unexpected command";
    }
  }
  void Do(const SignalAction& action, std::vector<Event>*) {
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
  void Do(const ReleaseSlotAction& action, std::vector<Event>*) {
    EXPECT_EQ(processes_.count(action.slot), 0u) << "a slot with a process was released";
    EXPECT_EQ(taken_.erase(action.slot), 1u) << "released twice";
  }
  void Do(const LoadAction& action, std::vector<Event>* outcomes) {
    EXPECT_TRUE(loaded_.empty()) << "loaded twice without a commit or a roll back";
    EXPECT_TRUE(action.config_of == 0 || configs_.erase(action.config_of) == 1u)
        << "loaded what nobody brought, or loaded it twice";
    EXPECT_TRUE(action.config_of == 0 || unanswered_.count(action.config_of) == 1u);
    if (Any(4) == 0) {
      loading_.insert(action.load);
    } else {
      outcomes->push_back(AnyEndOf(action.load));
    }
  }
  void Do(const LoadAgainAction& action, std::vector<Event>* outcomes) {
    EXPECT_TRUE(loaded_.empty()) << "loaded twice without a commit or a roll back";
    EXPECT_GT(kept_.count(action.generation), 0u) << "loads what is forgotten";
    if (Any(4) == 0) {
      loading_.insert(action.load);
    } else {
      outcomes->push_back(AnyEndOf(action.load));
    }
  }
  void Do(const ReleaseAction& action, std::vector<Event>*) {
    ASSERT_GT(kept_.count(action.generation), 0u) << "released what there is not";
    EXPECT_TRUE(kept_[action.generation]) << "released twice";
    EXPECT_NE(action.generation, committed_) << "released what serves";
    for (const auto& [slot, process] : processes_) {
      EXPECT_NE(process.generation, action.generation) << "released under its workers";
    }
    kept_[action.generation] = false;
  }
  void Do(const ForgetAction& action, std::vector<Event>*) {
    ASSERT_GT(kept_.count(action.generation), 0u) << "forgot what there is not";
    EXPECT_FALSE(kept_[action.generation]) << "forgot before it was released";
    EXPECT_GE(kept_.size(), Generations::kMostKept);
    kept_.erase(action.generation);
  }
  Event AnyEndOf(LoadId load) {
    if (Any(4) == 0) return LoadRefusedEvent{load, absl::InvalidArgumentError("mistake")};
    loaded_.insert(load);
    return LoadedEvent{load, AnySettings()};
  }
  // Some end so late that nobody waits for them any more.
  void ALoadEnds() {
    if (loading_.empty()) return;
    const LoadId load = *std::next(loading_.begin(), Any(static_cast<int>(loading_.size())));
    loading_.erase(load);
    Give(AnyEndOf(load));
  }
  void Do(const CountClosedAction&, std::vector<Event>*) {}
  void Do(const NotifyAction& action, std::vector<Event>*) {
    const bool is_reloading = action.what == NotifyAction::What::kReloading;
    EXPECT_FALSE(is_reloading && is_told_reloading_) << "a reload began before the last one ended";
    is_told_reloading_ = is_reloading;
  }
  void Do(const AbandonLoadAction& action, std::vector<Event>* outcomes) {
    if (!action.is_overdue) return;
    outcomes->push_back(LoadRefusedEvent{action.load, absl::DeadlineExceededError("hangs")});
  }
  void Do(const ListenAction& action, std::vector<Event>* outcomes) {
    EXPECT_GT(action.generation, committed_);
    const int what = Any(12);
    if (what == 0) {
      outcomes->push_back(
          ListenRefusedEvent{action.generation, absl::AlreadyExistsError("listen")});
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
  void Do(const CommitAction& action, std::vector<Event>*) {
    EXPECT_GT(action.generation, committed_);
    std::uint32_t members = 0;
    for (const auto& [slot, process] : processes_) {
      if (process.generation != action.generation) continue;
      ++members;
      EXPECT_TRUE(process.is_ready) << "committed before all were ready";
      EXPECT_FALSE(process.is_asked) << "a command of the reload reached the new generation";
    }
    EXPECT_GT(members, 0u);
    committed_ = action.generation;
    kept_[committed_] = true;
    EXPECT_LE(loaded_.size(), 1u) << "committed with a load left";
    loaded_.clear();
  }
  void Do(const RollBackAction& action, std::vector<Event>*) { loaded_.erase(action.load); }
  void Do(const CloseListenersAction&, std::vector<Event>*) {
    EXPECT_FALSE(stop_asked_);
    stop_asked_ = true;
  }
  void Do(const ReplyAction& action, std::vector<Event>*) {
    EXPECT_EQ(unanswered_.erase(action.request), 1u) << "answered twice, or unasked";
    const absl::Status& status = action.outcome.status;
    if (absl::IsCancelled(status)) {
      EXPECT_EQ(action.request, withdrawn_);
      EXPECT_TRUE(core_.state() == MasterState::kReloading || reloads_.count(action.request) == 0);
      return;
    }
    if (status.ok() && action.outcome.generation != 0 && action.outcome.warnings.empty() &&
        orders_.count(action.request) == 0) {
      for (const auto& [slot, process] : processes_) {
        EXPECT_TRUE(process.generation >= action.outcome.generation ||
                    process.unacknowledged == 0 || process.is_killed)
            << "answered before the old worker in slot " << slot << " has drained";
      }
    }
    if (status.ok() && patient_.count(action.request) > 0 && action.request != withdrawn_) {
      for (const auto& [slot, process] : processes_) {
        EXPECT_GE(process.generation, action.outcome.generation)
            << "answered before the old worker in slot " << slot << " has ended";
      }
    }
    if (status.ok() || reloads_.count(action.request) == 0) return;
    // In one event an attempt may fail, and the next one not begin, for its condition is not met.
    const std::string message(status.message());
    const auto is_unmet = [](const std::string& text) {
      return absl::StartsWith(text, "reload refused: ") && absl::StrContains(text, " serves, not ");
    };
    if (is_unmet(message)) {
      EXPECT_THAT(refusals_, testing::Contains(message)) << "told one thing and logged another";
    } else {
      std::vector<std::string> of_attempts = refusals_;
      std::erase_if(of_attempts, is_unmet);
      EXPECT_THAT(of_attempts, testing::ElementsAre(message))
          << "told one thing and logged another";
    }
    EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
                absl::IsAborted(status))
        << status;
  }
  void Do(const LogAction& action, std::vector<Event>*) {
    if (!absl::StartsWith(action.text, "reload refused")) return;
    refusals_.push_back(action.text);
    if (!absl::StrContains(action.text, "goes on serving")) return;
    EXPECT_TRUE(absl::StrContains(action.text, absl::StrCat("generation ", committed_, " goes")));
    const bool is_served =
        std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
          return entry.second.generation == committed_ && entry.second.is_ready;
        });
    EXPECT_TRUE(is_served) << action.text;
  }
  void Do(const ExitAction&, std::vector<Event>*) {
    EXPECT_FALSE(exited_) << "exited twice";
    EXPECT_TRUE(processes_.empty()) << "left processes behind";
    EXPECT_TRUE(taken_.empty()) << "left slots taken";
    exited_ = true;
  }

  bool AnotherServes(std::uint32_t slot) const {
    return std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
      const Process& process = entry.second;
      return entry.first != slot && process.generation == committed_ && process.serves &&
             !process.is_asked && !process.is_killed;
    });
  }

  // What must hold between two events.
  void CheckState() const {
    if (exited_) return;
    if (core_.state() == MasterState::kRunning) {
      EXPECT_GT(core_.wanted_workers(), 0u) << "nobody is to serve, and the master goes on";
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
    EXPECT_TRUE(!core_.trial().is_on() || kept_.at(core_.trial().previous()))
        << "the way back of a trial is gone";
  }

  // Those of the generation that serves who will go on after this action.
  std::uint32_t CountServing() const {
    std::uint32_t count = 1;  // the one that is asked now
    for (const auto& [slot, worker] : core_.workers()) {
      if (worker.generation == committed_ && worker.is_wanted) ++count;
    }
    return count;
  }

  std::mt19937 random_;
  SupervisorCore core_{kSlots};
  TimePoint now_ = TimePoint() + seconds(1000);
  std::map<std::uint32_t, Process> processes_;
  std::set<std::uint32_t> taken_;
  // Their failure is not yet told to the core, which may still command them.
  std::set<std::uint32_t> not_spawned_;
  std::set<RequestId> unanswered_;
  std::set<RequestId> reloads_;        // among all requests that there were
  std::set<RequestId> orders_;         // about single workers
  std::set<RequestId> configs_;        // of reloads that brought one, until it is loaded
  std::set<RequestId> patient_;        // reloads that wait until the old workers have ended
  std::vector<std::string> refusals_;  // logged during this event
  RequestId last_request_ = 0;
  RequestId withdrawn_ = 0;               // during this event
  std::optional<std::uint32_t> hangs_{};  // the same: a slot
  pid_t last_pid_ = 1000;
  bool is_told_reloading_ = false;
  std::uint64_t committed_ = 0;
  std::map<std::uint64_t, bool> kept_;  // by generation: whether it is whole
  std::set<LoadId> loading_;
  std::set<LoadId> loaded_;  // neither committed nor rolled back
  bool stop_asked_ = false;
  bool exited_ = false;
};

class SupervisorSimulation : public testing::TestWithParam<unsigned> {};

TEST_P(SupervisorSimulation, KeepsItsPromisesInAnyHistory) {
  // Histories end early by themselves at times, so there are many of them for each seed: with all
  // seeds more than a million events.
  for (unsigned i = 0; i < 400 && !HasFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "history " << i);
    Machine(GetParam() * 1000 + i).Run(2000);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SupervisorSimulation, testing::Range(1u, 9u));

}  // namespace
}  // namespace muster::master
