#include <atomic>
#include <functional>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

constexpr int kVictim = 0;
constexpr int kOther = 1;
constexpr int kFirstSleeper = 2;
constexpr int kSecondSleeper = 3;
constexpr int kLastComer = 4;
constexpr int kParticipants = 5;

constexpr std::uint32_t kInside = 1;
constexpr std::uint32_t kMayGoOn = 1;

// Something that is to be done once by several processes, and what became of it.
class Task {
 public:
  explicit Task(Trial& trial)
      : trial_(trial),
        shared_(new (trial.memory()) Shared),
        participants_(static_cast<char*>(trial.memory()) + 4096, kParticipants) {}

  using Inside = std::function<absl::Status()>;
  void Call(int participant, Part& part, const Inside& inside = nullptr) {
    Once once(&shared_->state, participants_.registry(), participants_.tag(participant));
    absl::Status status;
    do {
      status = once.Call([&](bool was_interrupted) {
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
      });
    } while (absl::IsAborted(status));
    if (!status.ok()) part.Fault("it could not be done");
    if (!shared_->done.load()) part.Fault("it is called done and is not");
  }
  void StartCaller(int participant) {
    trial_.AwaitWaiting(trial_.Start([this, participant](Part& part) { Call(participant, part); }));
  }

  void Recover(int participant) {
    participants_.MarkDead(participant);
    shared_->state.Recover(participants_.tag(participant));
  }
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
    participants_.Free(dead);
    if (const std::string leftover = participants_.Leftover(); !leftover.empty()) {
      trial_.Leak(leftover);
    }
  }

 private:
  struct Shared {
    OnceState state;
    std::atomic<bool> begun{false};
    std::atomic<bool> done{false};
  };

  Trial& trial_;
  Shared* shared_;
  Participants participants_;
};

void InitialiserThenLateComer(Trial& trial) {
  Task task(trial);
  Victim& victim = trial.StartVictim([&](Part& part) {
    SectionMark();
    task.Call(kVictim, part);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  task.RecoverUnlessLate(kVictim);
  task.StartCaller(kFirstSleeper);
  task.Finish(kVictim);
}

void InitialiserWithSleepers(Trial& trial) {
  Task task(trial);
  Victim& victim = trial.StartVictim([&](Part& part) {
    task.Call(kVictim, part, [] {
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
void WokenSleeper(Trial& trial) {
  Task task(trial);
  Actor& owner = trial.Start([&](Part& part) {
    bool first = true;
    task.Call(kOther, part, [&] {
      if (!std::exchange(first, false)) return absl::OkStatus();
      part.Reach(kInside);
      part.AwaitPermission(kMayGoOn);
      return absl::AbortedError("not now");
    });
  });
  trial.Await(owner, kInside);
  Victim& victim = trial.StartVictim([&](Part& part) {
    SectionMark();
    task.Call(kVictim, part);
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

void Recoverer(Trial& trial) {
  Task task(trial);
  Victim& owner = trial.StartVictim([&](Part& part) {
    task.Call(kVictim, part, [] {
      SectionMark();
      return absl::OkStatus();
    });
  });
  task.StartCaller(kFirstSleeper);
  task.StartCaller(kSecondSleeper);
  Victim& recoverer = trial.StartVictim([&](Part&) {
    SectionMark();
    task.Recover(kVictim);
    SectionMark();
  });
  owner.Kill();
  trial.Step(recoverer);
  recoverer.Kill();
  task.Finish(kVictim);
}

}  // namespace

std::vector<Scenario> OnceScenarios() {
  return {
      {.primitive = "once", .role = "initialiser, others later", .play = InitialiserThenLateComer},
      {.primitive = "once", .role = "initialiser, others asleep", .play = InitialiserWithSleepers},
      {.primitive = "once", .role = "woken sleeper", .sleeps = true, .play = WokenSleeper},
      {.primitive = "once", .role = "recoverer", .play = Recoverer},
  };
}

}  // namespace muster::ipc::testing
