#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/setting.h"
#include "muster/ipc/zone/local/zone_once.h"

namespace muster::ipc::testing {
namespace {

constexpr int kVictim = 0;
constexpr int kOther = 1;
constexpr int kFirstSleeper = 2;
constexpr int kSecondSleeper = 3;
constexpr int kLastComer = 4;

constexpr std::uint32_t kInside = 1;
constexpr std::uint32_t kMayGoOn = 1;

// Whose handles are used, and who recovers.
struct Cast {
  Parent parent;
  bool has_threads;
};

// Something that is to be done once by several processes, and what became of it.
class Task {
 public:
  Task(Trial& trial, const Cast& cast)
      : trial_(trial),
        cast_(cast),
        shared_(new (trial.memory()) Shared),
        setting_(Setting::New(cast.parent, ObjectKind::kOnce, 0,
                              static_cast<char*>(trial.memory()) + 4096)) {}

  bool has_parent() const { return cast_.parent == Parent::kThere; }

  // In the participant's process, before it calls.
  void Join(int participant) {
    setting_->Join(participant);
    if (cast_.has_threads) HaveASecondThread();
    once_.emplace(state(), setting_->registry(), setting_->tag(participant));
    if (cast_.has_threads) shared_once_.emplace(*once_);
  }
  using Inside = std::function<absl::Status()>;
  void Call(Part& part, const Inside& inside = nullptr) {
    absl::Status status;
    do {
      const auto initialise = [&](bool was_interrupted) {
        if (shared_->begun.exchange(true) && !was_interrupted) {
          part.Fault("it was begun again, and its interruption not told");
        }
        if (inside != nullptr) {
          if (absl::Status failed = inside(); !failed.ok()) {
            shared_->begun.store(false);
            return failed;
          }
        }
        shared_->done.store(true);
        return absl::OkStatus();
      };
      status = shared_once_ ? shared_once_->Call(initialise) : once_->Call(initialise);
    } while (absl::IsAborted(status));
    if (!status.ok()) part.Fault("it could not be done");
    if (!shared_->done.load()) part.Fault("it is called done and is not");
  }
  void StartCaller(int participant) {
    trial_.AwaitWaiting(trial_.Start([this, participant](Part& part) {
      Join(participant);
      Call(part);
    }));
  }

  void Recover(int participant) { setting_->Recover(participant); }
  void RecoverUnlessLate(int participant) {
    if (!trial_.late_recovery()) Recover(participant);
  }
  void Finish(int dead) {
    if (trial_.late_recovery()) trial_.AwaitIdle();
    Recover(dead);
    trial_.AwaitAll();
    StartCaller(kLastComer);
    trial_.AwaitAll();
    if (!shared_->done.load()) trial_.Fault("it was not done");
    setting_->Free(dead);
    if (const std::string leftover = setting_->Leftover(); !leftover.empty()) {
      trial_.Leak(leftover);
    }
  }

 private:
  struct Shared {
    std::atomic<bool> begun{false};
    std::atomic<bool> done{false};
  };

  OnceState* state() const { return static_cast<OnceState*>(setting_->state()); }

  Trial& trial_;
  const Cast cast_;
  Shared* const shared_;
  const std::unique_ptr<Setting> setting_;
  // This process's.
  std::optional<Once> once_;
  std::optional<ZoneOnce> shared_once_;
};

void InitialiserThenLateComer(Trial& trial, const Cast& cast) {
  Task task(trial, cast);
  Victim& victim = trial.StartVictim([&](Part& part) {
    task.Join(kVictim);
    SectionMark();
    task.Call(part);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  task.RecoverUnlessLate(kVictim);
  task.StartCaller(kFirstSleeper);
  task.Finish(kVictim);
}

void InitialiserWithSleepers(Trial& trial, const Cast& cast) {
  Task task(trial, cast);
  Victim& victim = trial.StartVictim([&](Part& part) {
    task.Join(kVictim);
    task.Call(part, [] {
      SectionMark();
      return absl::OkStatus();
    });
    SectionMark();
  });
  task.StartCaller(kFirstSleeper);
  task.StartCaller(kSecondSleeper);
  trial.Step(victim);
  victim.Kill();
  task.RecoverUnlessLate(kVictim);
  task.Finish(kVictim);
}

// Sleeps; the initialiser gives up, and it is its turn; another one sleeps behind it.
void WokenSleeper(Trial& trial, const Cast& cast) {
  Task task(trial, cast);
  Actor& owner = trial.Start([&](Part& part) {
    bool first = true;
    task.Join(kOther);
    task.Call(part, [&] {
      if (!std::exchange(first, false)) return absl::OkStatus();
      part.Reach(kInside);
      part.AwaitPermission(kMayGoOn);
      return absl::AbortedError("not now");
    });
  });
  trial.Await(owner, kInside);
  Victim& victim = trial.StartVictim([&](Part& part) {
    task.Join(kVictim);
    SectionMark();
    task.Call(part);
    SectionMark();
  });
  bool given_up = false;
  const auto give_up = [&](int) {
    if (std::exchange(given_up, true)) return;
    task.StartCaller(kFirstSleeper);
    owner.Permit(kMayGoOn);
    trial.AwaitDeparture(owner);
  };
  trial.Step(victim, give_up);
  victim.Kill();
  task.RecoverUnlessLate(kVictim);
  give_up(0);
  task.Finish(kVictim);
}

void Recoverer(Trial& trial, const Cast& cast) {
  Task task(trial, cast);
  Victim& owner = trial.StartVictim([&](Part& part) {
    task.Join(kVictim);
    task.Call(part, [] {
      SectionMark();
      return absl::OkStatus();
    });
  });
  task.StartCaller(kFirstSleeper);
  task.StartCaller(kSecondSleeper);
  Victim& recoverer = trial.StartVictim([&](Part& part) {
    if (task.has_parent()) {
      SectionMark();
      task.Recover(kVictim);
    } else {
      task.Join(kOther);
      SectionMark();
      task.Call(part);
    }
    SectionMark();
  });
  owner.Kill();
  trial.Step(recoverer);
  recoverer.Kill();
  task.Finish(kVictim);
}

std::vector<Scenario> OnceScenariosOf(const std::string& name, bool has_threads) {
  std::vector<Scenario> scenarios;
  for (const Parent parent : {Parent::kThere, Parent::kNone}) {
    const auto add = [&](const std::string& role, void (*play)(Trial&, const Cast&)) -> Scenario& {
      const Cast cast = {parent, has_threads};
      scenarios.push_back({.primitive = name + NameOf(parent),
                           .role = role,
                           .is_recovered = parent == Parent::kThere,
                           .play = [play, cast](Trial& trial) { play(trial, cast); }});
      return scenarios.back();
    };
    add("initialiser, others later", InitialiserThenLateComer);
    add("initialiser, others asleep", InitialiserWithSleepers);
    add("woken sleeper", WokenSleeper).sleeps = true;
    add("recoverer", Recoverer);
  }
  return scenarios;
}

}  // namespace

std::vector<Scenario> OnceScenarios() { return OnceScenariosOf("once", /*has_threads=*/false); }

std::vector<Scenario> ZoneOnceScenarios() {
  return OnceScenariosOf("zone once", /*has_threads=*/true);
}

}  // namespace muster::ipc::testing
