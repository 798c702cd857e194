#include <atomic>
#include <new>
#include <utility>

#include "muster/ipc/lock/event.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

constexpr int kVictim = 0;
constexpr int kParticipants = 2;

// Items that producers add and consumers take, one each, and the event between them.
class Supply {
 public:
  explicit Supply(Trial& trial)
      : trial_(trial),
        shared_(new (trial.memory()) Shared),
        participants_(static_cast<char*>(trial.memory()) + 4096, kParticipants),
        event_(&shared_->state, participants_.registry()) {}

  std::uint32_t added() const { return shared_->added.load(); }
  std::uint32_t taken() const { return shared_->taken.load(); }
  void AddOne() {
    shared_->added.fetch_add(1);
    event_.NotifyOne();
  }
  void AddTwoSilently() { shared_->added.fetch_add(2); }
  void AddTwo() {
    AddTwoSilently();
    event_.NotifyAll();
  }
  void Take() {
    event_.Await([this] {
      std::uint32_t taken = shared_->taken.load();
      while (taken < shared_->added.load()) {
        if (shared_->taken.compare_exchange_weak(taken, taken + 1)) return true;
      }
      return false;
    });
  }
  // Returns when it sleeps, or has got an item.
  Actor& StartConsumer() {
    Actor& consumer = trial_.Start([this](Part&) { Take(); });
    trial_.AwaitWaiting(consumer);
    return consumer;
  }

  void Recover() {
    participants_.MarkDead(kVictim);
    shared_->state.Recover(participants_.tag(kVictim));
  }
  void RecoverEarlyOrLate() {
    if (trial_.late_recovery()) trial_.AwaitIdle();
    Recover();
  }

 private:
  struct Shared {
    EventState state;
    std::atomic<std::uint32_t> added{0};
    std::atomic<std::uint32_t> taken{0};
  };

  Trial& trial_;
  Shared* shared_;
  Participants participants_;
  Event event_;
};

// Adds an item and notifies, while one sleeps.
void NotifierOfOne(Trial& trial) {
  Supply supply(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    supply.AddOne();
    SectionMark();
  });
  supply.StartConsumer();
  trial.Step(victim);
  victim.Kill();
  supply.RecoverEarlyOrLate();
  if (supply.added() == 0) supply.AddOne();
  trial.AwaitAll();
}

// Adds an item for each and notifies all, while two sleep.
void NotifierOfAll(Trial& trial) {
  Supply supply(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    supply.AddTwo();
    SectionMark();
  });
  supply.StartConsumer();
  supply.StartConsumer();
  trial.Step(victim);
  victim.Kill();
  supply.RecoverEarlyOrLate();
  if (supply.added() == 0) supply.AddTwo();
  trial.AwaitAll();
}

// Sleeps and is notified of one item; another one sleeps behind it and must get the item if
// the first one dies without.
void WokenWaiter(Trial& trial) {
  Supply supply(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    supply.Take();
    SectionMark();
  });
  Actor* other = nullptr;
  const auto notify = [&](int) {
    if (other != nullptr) return;
    other = &supply.StartConsumer();
    supply.AddOne();
  };
  trial.Step(victim, notify);
  victim.Kill();
  notify(0);
  supply.RecoverEarlyOrLate();
  trial.AwaitIdle();
  if (supply.taken() == 0) trial.Await(*other, kFinished);
  if (!other->HasReached(kFinished)) supply.AddOne();
  trial.AwaitAll();
}

// Is on its way to sleep, at any instruction of it, when the item comes, and dies at any later one.
void WaiterNotifiedAtAnyMoment(Trial& trial) {
  Supply supply(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    supply.Take();
    SectionMark();
  });
  bool notified = false;
  const auto notify = [&](int) {
    if (!std::exchange(notified, true)) supply.AddOne();
  };
  trial.Step(victim, notify);
  notify(0);
  trial.Step(victim);
  victim.Kill();
  supply.RecoverEarlyOrLate();
  const bool is_gone = supply.taken() == 1;
  supply.StartConsumer();
  if (is_gone) supply.AddOne();
  trial.AwaitAll();
}

// A notifier is dead before it notified and two sleep; the supervisor dies while it recovers.
void Recoverer(Trial& trial) {
  Supply supply(trial);
  supply.StartConsumer();
  supply.StartConsumer();
  Victim& recoverer = trial.StartVictim([&](Part&) {
    SectionMark();
    supply.Recover();
    SectionMark();
  });
  supply.AddTwoSilently();
  trial.Step(recoverer);
  recoverer.Kill();
  supply.RecoverEarlyOrLate();
  trial.AwaitAll();
}

}  // namespace

std::vector<Scenario> EventScenarios() {
  return {
      {.primitive = "event", .role = "notifier of one", .play = NotifierOfOne},
      {.primitive = "event", .role = "notifier of all", .play = NotifierOfAll},
      {.primitive = "event", .role = "woken waiter", .sleeps = true, .play = WokenWaiter},
      {.primitive = "event", .role = "recoverer", .play = Recoverer},
      {.primitive = "event",
       .role = "waiter, notified at any moment",
       .dimensions = 2,
       .sleeps = true,
       .play = WaiterNotifiedAtAnyMoment},
  };
}

}  // namespace muster::ipc::testing
