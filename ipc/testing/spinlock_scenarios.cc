#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/zone/local/zone_spinlock.h"

namespace muster::ipc::testing {
namespace {

// `Handle`: Spinlock or ZoneSpinlock.
template <typename Handle>
class SpinlockThing : public OwnedThing {
 public:
  SpinlockThing(Parent parent, Users users, void* memory)
      : OwnedThing(parent, users, ObjectKind::kSpinlock, 0, memory) {
    SpinlockThing::Open(kParticipants - 1);
  }

  bool Lock(int) override {
    const LockOutcome outcome = lock_->Lock();
    MUSTER_CHECK(Holds(outcome), ToString(outcome));
    return outcome == LockOutcome::kOwnerDied;
  }
  bool TryUnlock(int) override { return lock_->Unlock(); }
  bool IsRefused(int) override { return lock_->Lock() == LockOutcome::kNotParticipant; }

  std::optional<bool> Held(int participant) const override {
    return IsIn(spinlock()->word.load(), participant);
  }

 private:
  SpinlockState* spinlock() const { return static_cast<SpinlockState*>(state()); }
  void Open(int participant) override {
    lock_.emplace(Spinlock(spinlock(), registry(), tag(participant)));
  }
  std::string Remains() const override {
    const std::uint32_t word = spinlock()->word.load();
    return word == kUnlockedWord ? "" : absl::StrCat("the word is 0x", absl::Hex(word));
  }

  std::optional<Handle> lock_;
};

template <typename Handle>
std::vector<Scenario> SpinlockScenariosOf(const std::string& name, OwnedThing::Users users) {
  HeldKind kind{.name = name, .sleeps = false, .forks = true};
  kind.create = [users](Parent parent, void* memory) {
    return std::make_unique<SpinlockThing<Handle>>(parent, users, memory);
  };
  return ScenariosWithAndWithoutParent(kind);
}

}  // namespace

std::vector<Scenario> SpinlockScenarios() {
  return SpinlockScenariosOf<Spinlock>("spinlock", OwnedThing::Users::kOneThread);
}

std::vector<Scenario> ZoneSpinlockScenarios() {
  return SpinlockScenariosOf<ZoneSpinlock>("zone spinlock", OwnedThing::Users::kAllThreads);
}

}  // namespace muster::ipc::testing
