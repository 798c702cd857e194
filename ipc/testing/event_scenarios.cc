#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "muster/ipc/lock/event.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/setting.h"

namespace muster::ipc::testing {
namespace {

constexpr int kVictim = 0;

// Items that producers add and consumers take, one each, and the event between them.
class Supply {
 public:
  Supply(Trial& trial, Parent parent)
      : trial_(trial),
        shared_(new (trial.memory()) Shared),
        setting_(
            Setting::New(parent, ObjectKind::kEvent, 0, static_cast<char*>(trial.memory()) + 4096)),
        event_(static_cast<EventState*>(setting_->state()), setting_->registry()) {}

  Victim& StartVictim(const std::function<void()>& section) {
    return trial_.StartVictim([this, section](Part&) {
      setting_->Join(kVictim);
      SectionMark();
      section();
      SectionMark();
    });
  }

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

  void Recover() { setting_->Recover(kVictim); }
  void RecoverEarlyOrLate() {
    if (trial_.late_recovery()) trial_.AwaitIdle();
    Recover();
  }

 private:
  struct Shared {
    std::atomic<std::uint32_t> added{0};
    std::atomic<std::uint32_t> taken{0};
  };

  Trial& trial_;
  Shared* const shared_;
  const std::unique_ptr<Setting> setting_;
  Event event_;
};

// Adds an item and notifies, while one sleeps.
void NotifierOfOne(Trial& trial, Parent parent) {
  Supply supply(trial, parent);
  Victim& victim = supply.StartVictim([&] { supply.AddOne(); });
  supply.StartConsumer();
  trial.Step(victim);
  victim.Kill();
  supply.RecoverEarlyOrLate();
  if (supply.added() == 0) supply.AddOne();
  trial.AwaitAll();
}

// Adds an item for each and notifies all, while two sleep.
void NotifierOfAll(Trial& trial, Parent parent) {
  Supply supply(trial, parent);
  Victim& victim = supply.StartVictim([&] { supply.AddTwo(); });
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
void WokenWaiter(Trial& trial, Parent parent) {
  Supply supply(trial, parent);
  Victim& victim = supply.StartVictim([&] { supply.Take(); });
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
void WaiterNotifiedAtAnyMoment(Trial& trial, Parent parent) {
  Supply supply(trial, parent);
  Victim& victim = supply.StartVictim([&] { supply.Take(); });
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
void Recoverer(Trial& trial, Parent parent) {
  Supply supply(trial, parent);
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
  std::vector<Scenario> scenarios;
  for (const Parent parent : {Parent::kThere, Parent::kNone}) {
    const auto add = [&](const std::string& role, void (*play)(Trial&, Parent)) -> Scenario& {
      scenarios.push_back({.primitive = "event" + NameOf(parent),
                           .role = role,
                           .is_recovered = parent == Parent::kThere,
                           .play = [play, parent](Trial& trial) { play(trial, parent); }});
      return scenarios.back();
    };
    add("notifier of one", NotifierOfOne);
    add("notifier of all", NotifierOfAll);
    add("woken waiter", WokenWaiter).sleeps = true;
    // Without a parent each waiter recovers itself.
    if (parent == Parent::kThere) add("recoverer", Recoverer);
    Scenario& pair = add("waiter, notified at any moment", WaiterNotifiedAtAnyMoment);
    pair.dimensions = 2;
    pair.sleeps = true;
  }
  return scenarios;
}

}  // namespace muster::ipc::testing
