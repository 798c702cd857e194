#include "muster/master/decide/supervisor_core.h"

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using worker::Command;

ipc::ProcessExit Code(int code) { return {.pid = 1, .code = code}; }
ipc::ProcessExit KilledBy(int signal) { return {.pid = 1, .was_killed = true, .code = signal}; }

// A supervisor whose actions are only written down. Spawns succeed unless told otherwise, with
// pid 100 + slot.
class SupervisorCoreTest : public testing::Test {
 protected:
  struct Sent {
    std::uint32_t slot;
    Command command;
    friend bool operator==(const Sent&, const Sent&) = default;
  };
  struct Signalled {
    std::uint32_t slot;
    int signal;
    friend bool operator==(const Signalled&, const Signalled&) = default;
  };

  void Give(const Event& event) {
    for (const Action& action : core_.Handle(event, now_)) {
      if (const auto* spawn = std::get_if<SpawnAction>(&action)) {
        spawned_.push_back(spawn->slot);
        if (fail_spawns_) {
          events_.push_back(SpawnFailedEvent{spawn->slot, "posix_spawn /w: Resource busy"});
        } else {
          events_.push_back(SpawnedEvent{spawn->slot, static_cast<pid_t>(100 + spawn->slot)});
        }
      } else if (const auto* send = std::get_if<SendAction>(&action)) {
        sent_.push_back({send->slot, send->command});
        token_ = send->token;
      } else if (const auto* signal = std::get_if<SignalAction>(&action)) {
        signalled_.push_back({signal->slot, signal->signal});
      } else if (const auto* release = std::get_if<ReleaseSlotAction>(&action)) {
        released_.push_back(release->slot);
      } else if (std::get_if<LoadAction>(&action)) {
        ++loads_;
      } else if (const auto* commit = std::get_if<CommitAction>(&action)) {
        committed_.push_back(commit->generation);
      } else if (std::get_if<RollBackAction>(&action)) {
        ++roll_backs_;
      } else if (std::get_if<CloseListenersAction>(&action)) {
        ++listener_closes_;
      } else if (const auto* reply = std::get_if<ReplyAction>(&action)) {
        replies_.push_back(*reply);
      } else if (const auto* log = std::get_if<LogAction>(&action)) {
        if (log->severity != Severity::kDebug) log_.push_back(log->text);
      } else if (const auto* exit = std::get_if<ExitAction>(&action)) {
        exits_.push_back(exit->code);
      }
    }
    while (!events_.empty()) {
      const Event next = events_.front();
      events_.erase(events_.begin());
      Give(next);
    }
  }
  // Lets `delay` go by with all the ticks that fall due.
  void Pass(Duration delay) {
    const TimePoint until = now_ + delay;
    while (core_.next_deadline() && *core_.next_deadline() <= until) {
      now_ = std::max(now_, *core_.next_deadline());
      Give(TickEvent{});
    }
    now_ = until;
  }
  void StartServing(std::uint32_t workers = 2) {
    settings_.workers = workers;
    Give(StartEvent{settings_});
    for (std::uint32_t slot = 0; slot < workers; ++slot) Give(ReadyEvent{slot});
    Forget();
  }
  // Up to where the workers of the new generation are started, in slots 2 and 3.
  void BeginReload(RequestId request) {
    Give(ReloadEvent{request});
    Give(LoadedEvent{settings_});
  }
  void Forget() {
    spawned_.clear();
    sent_.clear();
    signalled_.clear();
    released_.clear();
    committed_.clear();
    replies_.clear();
    log_.clear();
    loads_ = roll_backs_ = 0;
  }
  // What the one who asked for that reload was told; empty: nothing, or that it was done.
  std::string RefusalOf(RequestId request) const {
    for (const ReplyAction& reply : replies_) {
      if (reply.request == request) return std::string(reply.outcome.status.message());
    }
    return "";
  }
  WorkerState StateOf(std::uint32_t slot) const {
    const auto found = core_.workers().find(slot);
    return found == core_.workers().end() ? WorkerState::kGone : found->second.state;
  }

  Settings settings_ = {.workers = 2,
                        .ready_timeout = seconds(10),
                        .shutdown_timeout = seconds(60),
                        .max_generations = 4,
                        .crash_loop_limit = 3};
  SupervisorCore core_{1024};
  TimePoint now_{};
  bool fail_spawns_ = false;
  std::vector<Event> events_;

  std::vector<std::uint32_t> spawned_;
  std::vector<Sent> sent_;
  std::vector<Signalled> signalled_;
  std::vector<std::uint32_t> released_;
  std::vector<std::uint64_t> committed_;
  std::vector<ReplyAction> replies_;
  std::vector<std::string> log_;
  std::vector<int> exits_;
  int loads_ = 0;
  int roll_backs_ = 0;
  int listener_closes_ = 0;
  std::uint32_t token_ = 0;
};

// ---- Start ----

TEST_F(SupervisorCoreTest, StartsAsManyWorkersAsItIsTold) {
  Give(StartEvent{settings_});
  EXPECT_THAT(spawned_, ElementsAre(0, 1));
  EXPECT_EQ(core_.state(), MasterState::kStarting);
}

TEST_F(SupervisorCoreTest, CommitsTheFirstGenerationWhenAllAreReady) {
  Give(StartEvent{settings_});
  Give(ReadyEvent{1});
  EXPECT_THAT(committed_, IsEmpty());
  Give(ReadyEvent{0});
  EXPECT_THAT(committed_, ElementsAre(1));
  EXPECT_EQ(core_.state(), MasterState::kRunning);
  EXPECT_THAT(log_.back(), "generation 1 is ready: 2 workers");
}

TEST_F(SupervisorCoreTest, ExitsWithOneAndTheReasonWhenTheFirstGenerationFails) {
  Give(StartEvent{settings_});
  Give(FailedEvent{0, absl::AbortedError("open /srv: No such file or directory")});
  Give(ExitedEvent{0, Code(1)});
  EXPECT_THAT(log_, testing::Contains("cannot start: worker 0 of generation 1 (pid 100) failed: "
                                      "open /srv: No such file or directory"));
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kTerminate}));
  EXPECT_THAT(exits_, IsEmpty());
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(1));
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheFirstWorkersCannotBeSpawned) {
  fail_spawns_ = true;
  Give(StartEvent{settings_});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(released_, ElementsAre(0, 1));
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheFirstGenerationIsNotReadyInTime) {
  Give(StartEvent{settings_});
  Give(ReadyEvent{0});
  Pass(seconds(10));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{1, SIGKILL}));
  Give(ExitedEvent{1, KilledBy(SIGKILL)});
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(log_,
              testing::Contains(
                  "cannot start: worker 1 of generation 1 (pid 101) was not ready within 10s"));
}

// ---- Crashes ----

TEST_F(SupervisorCoreTest, StartsACrashedWorkerAgainInItsSlotAfterTheBackoff) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  EXPECT_THAT(
      log_,
      ElementsAre("worker 0 of generation 1 (pid 100) was killed by SIGSEGV; starting it again in "
                  "100ms"));
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
  Pass(milliseconds(99));
  EXPECT_THAT(spawned_, IsEmpty());
  Pass(milliseconds(1));
  EXPECT_THAT(spawned_, ElementsAre(0));
  EXPECT_THAT(released_, IsEmpty());
  EXPECT_EQ(core_.workers().at(0).restarts, 1u);
  EXPECT_EQ(core_.workers().at(0).last_exit, "was killed by SIGSEGV");
  EXPECT_EQ(core_.crashes(), 1u);
}

TEST_F(SupervisorCoreTest, StartsAWorkerAgainThatExitedUnasked) {
  StartServing();
  Give(ExitedEvent{0, Code(0)});
  Pass(milliseconds(100));
  EXPECT_THAT(spawned_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, WaitsLongerFromCrashToCrash) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Pass(milliseconds(100));
  Give(ReadyEvent{0});
  Pass(seconds(2));
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  EXPECT_THAT(log_.back(), HasSubstr("starting it again in 150ms"));
}

TEST_F(SupervisorCoreTest, GivesASlotUpThatEndsEarlyTooOftenInARow) {
  StartServing();
  for (int i = 0; i < 3; ++i) {
    Give(ExitedEvent{0, KilledBy(SIGSEGV)});
    Pass(seconds(1));
  }
  EXPECT_EQ(StateOf(0), WorkerState::kGaveUp);
  EXPECT_THAT(log_.back(), HasSubstr("crash loop"));
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, DoesNotCallItACrashLoopWhenWorkersLiveForAWhile) {
  StartServing();
  for (int i = 0; i < 10; ++i) {
    Pass(seconds(2));
    Give(ExitedEvent{0, KilledBy(SIGSEGV)});
    Pass(seconds(5));
    Give(ReadyEvent{0});
  }
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, DoesNotStartAWorkerAgainThatSaysItWillNeverWork) {
  StartServing();
  Pass(seconds(5));
  Give(ExitedEvent{1, Code(2)});
  EXPECT_EQ(StateOf(1), WorkerState::kGaveUp);
  Pass(seconds(60));
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenTheLastWorkerHasGivenUp) {
  StartServing();
  Give(ExitedEvent{0, Code(2)});
  Give(ExitedEvent{1, Code(2)});
  EXPECT_THAT(exits_, ElementsAre(1));
  EXPECT_THAT(log_, testing::Contains("the last worker has given up; nobody serves"));
}

TEST_F(SupervisorCoreTest, ExitsWithOneWhenOnlyWorkersThatGaveUpAreLeft) {
  StartServing();
  Give(ExitedEvent{0, Code(2)});
  Give(ScaleEvent{-1});
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(1));
}

TEST_F(SupervisorCoreTest, LetsAReloadReplaceWorkersThatGaveUp) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{0, Code(2)});
  Give(ExitedEvent{1, Code(2)});
  EXPECT_THAT(exits_, IsEmpty());
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  EXPECT_THAT(released_, ElementsAre(0, 1));
  EXPECT_THAT(exits_, IsEmpty());
}

TEST_F(SupervisorCoreTest, RetriesAFailedSpawnForAsLongAsItTakes) {
  StartServing();
  fail_spawns_ = true;
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  Pass(seconds(600));
  EXPECT_GT(spawned_.size(), 20u);
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
  fail_spawns_ = false;
  Pass(seconds(30));
  EXPECT_EQ(StateOf(0), WorkerState::kStarting);
}

TEST_F(SupervisorCoreTest, KillsARespawnThatIsNotReadyInTimeAndTriesAgain) {
  StartServing();
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Pass(milliseconds(100));
  Pass(seconds(10));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  EXPECT_EQ(StateOf(0), WorkerState::kBackoff);
}

TEST_F(SupervisorCoreTest, IgnoresTheEndOfAProcessItDoesNotKnow) {
  StartServing();
  Give(ExitedEvent{77, Code(0)});
  EXPECT_THAT(log_, IsEmpty());
}

// ---- Reload ----

TEST_F(SupervisorCoreTest, DrainsTheOldGenerationOnlyWhenAllOfTheNewAreReady) {
  StartServing();
  BeginReload(5);
  EXPECT_THAT(spawned_, ElementsAre(2, 3));
  Give(ReadyEvent{2});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(core_.state(), MasterState::kReloading);
  Give(ReadyEvent{3});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kDrain}, Sent{1, Command::kDrain}));
  EXPECT_THAT(committed_, ElementsAre(2));
  EXPECT_EQ(core_.generation(), 2u);
}

TEST_F(SupervisorCoreTest, AnswersAReloadWithItsGenerationAndTime) {
  StartServing();
  Give(ReloadEvent{5});
  now_ += seconds(3);
  Give(LoadedEvent{settings_});
  Give(ReadyEvent{2});
  EXPECT_THAT(replies_, IsEmpty());
  now_ += seconds(1);
  Give(ReadyEvent{3});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 5u);
  EXPECT_EQ(replies_[0].outcome.status, absl::OkStatus());
  EXPECT_EQ(replies_[0].outcome.generation, 2u);
  EXPECT_EQ(replies_[0].outcome.took, seconds(4));
  EXPECT_EQ(core_.reloads(), 1u);
}

TEST_F(SupervisorCoreTest, ReleasesTheSlotsOfTheOldGenerationWhenItsWorkersEnd) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(released_, ElementsAre(0));
  EXPECT_EQ(core_.crashes(), 0u);
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhoseConfigurationIsWrong) {
  StartServing();
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{absl::InvalidArgumentError("m.textproto:3:1: foo: unknown field")});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::InvalidArgumentError("reload refused, generation 1 goes on serving: "
                                       "m.textproto:3:1: foo: unknown field"));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(core_.last_reload_error(), "m.textproto:3:1: foo: unknown field");
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, TellsSeveralMistakesInLinesOfTheirOwn) {
  StartServing();
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{absl::InvalidArgumentError("m:3:1: one\nm:4:1: two")});
  EXPECT_EQ(RefusalOf(5), "reload refused, generation 1 goes on serving:\nm:3:1: one\nm:4:1: two");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerSaysThatItCannotStart) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{2});
  Give(FailedEvent{3, absl::AbortedError("open /srv/a: Permission denied")});
  Give(ExitedEvent{3, Code(1)});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(sent_, ElementsAre(Sent{2, Command::kTerminate}));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("reload refused, generation 1 goes on serving: worker 1 of "
                               "generation 2 (pid 103) failed: open /srv/a: Permission "
                               "denied"));
  EXPECT_EQ(StateOf(0), WorkerState::kServing);
  EXPECT_EQ(StateOf(1), WorkerState::kServing);
  EXPECT_EQ(core_.generation(), 1u);
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerDies) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 1 of generation 2 (pid 103) was "
            "killed by SIGSEGV before it was ready");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerDiesThatWasReady) {
  StartServing();
  BeginReload(5);
  Give(ReadyEvent{3});
  Give(ExitedEvent{3, KilledBy(SIGSEGV)});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 1 of generation 2 (pid 103) was "
            "killed by SIGSEGV");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerCannotBeSpawned) {
  StartServing();
  fail_spawns_ = true;
  BeginReload(5);
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 goes on serving: worker 0 of generation 2 could not be "
            "started: posix_spawn /w: Resource busy");
}

TEST_F(SupervisorCoreTest, UndoesAReloadWhenANewWorkerIsNotReadyInTime) {
  StartServing();
  settings_.ready_timeout_place = "/m.textproto:4:16: ready_timeout";
  BeginReload(5);
  Give(ReadyEvent{2});
  Pass(seconds(10));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::AbortedError("reload refused, generation 1 goes on serving: /m.textproto:4:16: "
                               "ready_timeout: worker 1 of generation 2 (pid 103) was not ready "
                               "within 10s"));
}

TEST_F(SupervisorCoreTest, LogsARefusedReloadOnce) {
  StartServing();
  BeginReload(5);
  Forget();
  for (std::uint32_t slot : {2u, 3u}) {
    Give(FailedEvent{slot, absl::AbortedError("open /srv/a: Permission denied")});
    Give(ExitedEvent{slot, Code(1)});
  }
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_THAT(log_, ElementsAre(std::string(replies_[0].outcome.status.message())));
}

TEST_F(SupervisorCoreTest, KeepsTheCodesOfARefusalToThoseThatClientsKnow) {
  StartServing();
  for (const absl::Status& reason :
       {absl::NotFoundError("open m: No such file"), absl::UnavailableError("again"),
        absl::AlreadyExistsError("bind"), absl::DeadlineExceededError("late")}) {
    Forget();
    Give(ReloadEvent{5});
    Give(LoadRefusedEvent{reason});
    ASSERT_EQ(replies_.size(), 1u);
    EXPECT_EQ(replies_[0].outcome.status.code(), absl::StatusCode::kAborted) << reason;
  }
}

TEST_F(SupervisorCoreTest, DoesNotSayThatAGenerationServesOfWhichNoWorkerDoes) {
  StartServing(1);
  Give(ReloadEvent{5});
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Give(LoadRefusedEvent{absl::InvalidArgumentError("m:1:1: no")});
  EXPECT_EQ(RefusalOf(5),
            "reload refused, generation 1 stays, but none of its workers serves now: m:1:1: no");
}

TEST_F(SupervisorCoreTest, DoesNotStartWorkersOfAnUndoneReloadAgain) {
  StartServing();
  BeginReload(5);
  Give(ExitedEvent{3, Code(1)});
  Give(ExitedEvent{2, KilledBy(SIGSEGV)});
  Forget();
  Pass(seconds(100));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.workers().size(), 2u);
}

TEST_F(SupervisorCoreTest, MakesOneMoreReloadOfAllThatComeMeanwhile) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(ReloadEvent{7});
  Give(ReloadEvent{0});
  EXPECT_EQ(loads_, 1);
  Give(ReadyEvent{2});
  Give(ReadyEvent{3});
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(replies_.size(), 1u);
  Give(LoadedEvent{settings_});
  Give(ReadyEvent{4});
  Give(ReadyEvent{5});
  ASSERT_EQ(replies_.size(), 3u);
  EXPECT_EQ(replies_[1].outcome.generation, 3u);
  EXPECT_EQ(replies_[2].outcome.generation, 3u);
  EXPECT_EQ(loads_, 2);
}

TEST_F(SupervisorCoreTest, GoesOnWithTheNextReloadAfterOneThatFailed) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(ExitedEvent{2, Code(1)});
  EXPECT_EQ(loads_, 2);
}

TEST_F(SupervisorCoreTest, RefusesAReloadForWhichNoSlotsAreLeft) {
  SupervisorCore core(3);
  core.Handle(StartEvent{settings_}, now_);
  core.Handle(ReadyEvent{0}, now_);
  core.Handle(ReadyEvent{1}, now_);
  core.Handle(ReloadEvent{5}, now_);
  absl::Status status;
  for (const Action& action : core.Handle(LoadedEvent{settings_}, now_)) {
    if (const auto* reply = std::get_if<ReplyAction>(&action)) status = reply->outcome.status;
  }
  EXPECT_EQ(status, absl::AbortedError("reload refused, generation 1 goes on serving: 2 workers "
                                       "wanted, 1 slot free; draining workers hold the others"));
  EXPECT_EQ(core.generation(), 1u);
}

TEST_F(SupervisorCoreTest, EndsTheOldestGenerationWhenTooManyDrain) {
  settings_.max_generations = 2;
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  EXPECT_EQ(StateOf(0), WorkerState::kDraining);
  BeginReload(6);
  EXPECT_EQ(StateOf(0), WorkerState::kDraining);
  Give(ReadyEvent{2});
  EXPECT_EQ(StateOf(0), WorkerState::kStopping);
  EXPECT_EQ(StateOf(1), WorkerState::kDraining);
  EXPECT_EQ(StateOf(2), WorkerState::kServing);
}

TEST_F(SupervisorCoreTest, KillsAWorkerThatDoesNotFinishItsDrain) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Pass(seconds(64));
  EXPECT_THAT(signalled_, IsEmpty());
  Pass(seconds(1));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGKILL}));
}

// ---- Quit and stop ----

TEST_F(SupervisorCoreTest, QuitsWhenTheLastWorkerHasEnded) {
  StartServing();
  Give(QuitEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
  EXPECT_EQ(listener_closes_, 1);
  EXPECT_EQ(core_.state(), MasterState::kStopping);
  Give(ExitedEvent{0, Code(0)});
  EXPECT_THAT(replies_, IsEmpty());
  Give(ExitedEvent{1, Code(0)});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 9u);
  EXPECT_EQ(replies_[0].outcome.exited, 2u);
  EXPECT_EQ(replies_[0].outcome.killed, 0u);
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, TellsThoseWhoDrainThatNobodyServesAnyMore) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Forget();
  Give(QuitEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
}

TEST_F(SupervisorCoreTest, StopsAndInsistsUntilItKills) {
  StartServing(1);
  Give(StopEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kTerminate}));
  Pass(milliseconds(1549));
  EXPECT_THAT(signalled_, ElementsAre(Signalled{0, SIGTERM}, Signalled{0, SIGTERM},
                                      Signalled{0, SIGTERM}, Signalled{0, SIGTERM}));
  Pass(milliseconds(1));
  EXPECT_EQ(signalled_.back(), (Signalled{0, SIGKILL}));
  Give(ExitedEvent{0, KilledBy(SIGKILL)});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.exited, 0u);
  EXPECT_EQ(replies_[0].outcome.killed, 1u);
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, OnlyTheTimerMakesAStopInsist) {
  StartServing(2);
  Give(StopEvent{9});
  Give(ReadyEvent{0});
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(signalled_, IsEmpty());
}

TEST_F(SupervisorCoreTest, LetsAStopOvertakeAQuit) {
  StartServing(1);
  Give(QuitEvent{8});
  Give(StopEvent{9});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{0, Command::kTerminate}));
  Give(ExitedEvent{0, Code(0)});
  EXPECT_EQ(replies_.size(), 2u);
}

TEST_F(SupervisorCoreTest, DoesNotStartAWorkerAgainOnceItQuits) {
  StartServing(2);
  Give(ExitedEvent{0, KilledBy(SIGSEGV)});
  Give(QuitEvent{9});
  EXPECT_THAT(released_, ElementsAre(0));
  Pass(seconds(5));
  Give(ExitedEvent{1, KilledBy(SIGSEGV)});
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, RefusesAReloadWhileItStops) {
  StartServing();
  Give(QuitEvent{8});
  Give(ReloadEvent{9});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: the master is stopping"));
}

TEST_F(SupervisorCoreTest, LogsThatItRefusesAReloadForWhichNobodyWaits) {
  StartServing();
  Give(QuitEvent{8});
  Forget();
  Give(ReloadEvent{0});
  EXPECT_THAT(log_, ElementsAre("reload refused: the master is stopping"));
}

TEST_F(SupervisorCoreTest, RefusesTheReloadsThatWaitForAStartThatIsStopped) {
  Give(StartEvent{settings_});
  Give(ReloadEvent{5});
  Give(StopEvent{7});
  EXPECT_EQ(RefusalOf(5), "reload refused: the master is stopping");
  EXPECT_THAT(log_, testing::Contains("reload refused: the master is stopping").Times(1));
}

TEST_F(SupervisorCoreTest, AnswersTheReloadsThatAStopCutsOff) {
  StartServing();
  BeginReload(5);
  Give(ReloadEvent{6});
  Give(StopEvent{7});
  EXPECT_EQ(roll_backs_, 1);
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].outcome.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(replies_[1].outcome.status.code(), absl::StatusCode::kFailedPrecondition);
  for (std::uint32_t slot = 0; slot < 4; ++slot) Give(ExitedEvent{slot, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(0));
}

TEST_F(SupervisorCoreTest, DropsWhatWasLoadedForAReloadThatAStopCutOff) {
  StartServing();
  Give(ReloadEvent{5});
  Give(StopEvent{7});
  Give(LoadedEvent{settings_});
  EXPECT_EQ(roll_backs_, 1);
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, ExitsWithZeroWhenItIsStoppedWhileItStarts) {
  Give(StartEvent{settings_});
  Give(StopEvent{7});
  Give(ExitedEvent{0, Code(0)});
  Give(ExitedEvent{1, Code(0)});
  EXPECT_THAT(exits_, ElementsAre(0));
}

// ---- Reopen ----

TEST_F(SupervisorCoreTest, AnswersAReopenWhenEveryWorkerHasDoneIt) {
  StartServing();
  Give(ReopenEvent{4, absl::OkStatus()});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}, Sent{1, Command::kReopen}));
  Give(AckedEvent{0, token_, ""});
  EXPECT_THAT(replies_, IsEmpty());
  Give(AckedEvent{1, token_, ""});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.reopened, 2u);
}

TEST_F(SupervisorCoreTest, DoesNotTakeAnAnswerToOneReopenForAnother) {
  StartServing(1);
  Give(ReopenEvent{4, absl::OkStatus()});
  const std::uint32_t first = token_;
  Give(ReopenEvent{5, absl::OkStatus()});
  Give(AckedEvent{0, first, ""});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].request, 4u);
}

TEST_F(SupervisorCoreTest, AsksDrainingWorkersToReopenToo) {
  StartServing(1);
  BeginReload(5);
  Give(ReadyEvent{1});
  Forget();
  Give(ReopenEvent{4, absl::OkStatus()});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kReopen}, Sent{1, Command::kReopen}));
}

TEST_F(SupervisorCoreTest, GivesAReopenUpAfterFiveSeconds) {
  StartServing();
  Give(ReopenEvent{4, absl::OkStatus()});
  Give(AckedEvent{1, token_, ""});
  Pass(seconds(5));
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(
      replies_[0].outcome.status,
      absl::DeadlineExceededError("no answer within 5s from worker 0 of generation 1 (pid 100)"));
}

// ---- Pause and scale ----

TEST_F(SupervisorCoreTest, PausesByDrainingAllAndKeepingTheListeners) {
  StartServing();
  Give(PauseEvent{});
  EXPECT_THAT(sent_, ElementsAre(Sent{0, Command::kQuit}, Sent{1, Command::kQuit}));
  Give(ExitedEvent{0, Code(0)});
  Give(ExitedEvent{1, Code(0)});
  Pass(seconds(100));
  EXPECT_EQ(core_.state(), MasterState::kPaused);
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_THAT(exits_, IsEmpty());
  EXPECT_EQ(listener_closes_, 0);
}

TEST_F(SupervisorCoreTest, ServesAgainAfterAPauseWhenItIsReloaded) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(ReloadEvent{5});
  Give(LoadedEvent{settings_});
  Give(ReadyEvent{0});
  EXPECT_EQ(core_.state(), MasterState::kRunning);
}

TEST_F(SupervisorCoreTest, QuitsAtOnceWhenItIsPausedAndEmpty) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ExitedEvent{0, Code(0)});
  Give(QuitEvent{9});
  EXPECT_THAT(exits_, ElementsAre(0));
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(SupervisorCoreTest, CutsAReloadOffWhenItIsPaused) {
  StartServing(1);
  BeginReload(5);
  Give(PauseEvent{});
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].outcome.status,
            absl::FailedPreconditionError("reload refused: the master was paused"));
}

TEST_F(SupervisorCoreTest, StaysPausedWhenAReloadIsRefused) {
  StartServing(1);
  Give(PauseEvent{});
  Give(ReloadEvent{5});
  Give(LoadRefusedEvent{absl::InvalidArgumentError("m:1:1: no")});
  EXPECT_EQ(RefusalOf(5), "reload refused, the master stays paused: m:1:1: no");
  EXPECT_EQ(core_.state(), MasterState::kPaused);
}

TEST_F(SupervisorCoreTest, AddsAWorkerToTheGenerationThatServes) {
  StartServing(2);
  Give(ScaleEvent{+1});
  EXPECT_THAT(spawned_, ElementsAre(2));
  EXPECT_EQ(core_.workers().at(2).generation, 1u);
  EXPECT_EQ(core_.workers().at(2).index, 2u);
  EXPECT_EQ(core_.wanted_workers(), 3u);
}

TEST_F(SupervisorCoreTest, DrainsTheLastWorkerWhenThereShallBeOneFewer) {
  StartServing(2);
  Give(ScaleEvent{-1});
  EXPECT_THAT(sent_, ElementsAre(Sent{1, Command::kDrain}));
  Give(ExitedEvent{1, Code(0)});
  Pass(seconds(60));
  EXPECT_THAT(spawned_, IsEmpty());
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

TEST_F(SupervisorCoreTest, KeepsTheLastWorker) {
  StartServing(1);
  Give(ScaleEvent{-1});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_THAT(log_, ElementsAre("the last worker stays"));
}

TEST_F(SupervisorCoreTest, DoesNotScaleWhatHasASocketForEachWorker) {
  settings_.can_scale = false;
  StartServing(2);
  Give(ScaleEvent{+1});
  EXPECT_THAT(spawned_, IsEmpty());
}

TEST_F(SupervisorCoreTest, GoesBackToTheConfiguredNumberWithAReload) {
  StartServing(1);
  Give(ScaleEvent{+1});
  Give(ReadyEvent{1});
  BeginReload(5);
  Give(ReadyEvent{2});
  EXPECT_EQ(core_.wanted_workers(), 1u);
}

}  // namespace
}  // namespace muster::master
