#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"

namespace muster::ipc::testing {
namespace {

class SpinlockThing : public OwnedThing<SpinlockState> {
 public:
  explicit SpinlockThing(void* memory) : OwnedThing(memory) {
    // Measures the pause once, so that no actor has to.
    SpinlockThing::Join(kParticipants - 1);
  }

  void Join(int participant) override { lock_.emplace(state(), registry(), tag(participant)); }
  bool Lock(int) override {
    const LockOutcome outcome = lock_->Lock();
    MUSTER_CHECK(Holds(outcome), ToString(outcome));
    return outcome == LockOutcome::kOwnerDied;
  }
  void Unlock(int) override { MUSTER_CHECK(lock_->Unlock(), "it did not hold the lock"); }

  std::optional<bool> Held(int participant) const override {
    return OwnerTag::InWord(state()->word.load()) == tag(participant);
  }
  std::string Leftover() const override {
    const std::uint32_t word = state()->word.load();
    if (word != kUnlockedWord) return absl::StrCat("the word is 0x", absl::Hex(word));
    return OwnedThing::Leftover();
  }

 private:
  std::optional<Spinlock> lock_;
};

}  // namespace

std::vector<Scenario> SpinlockScenarios() {
  HeldKind kind{.name = "spinlock", .sleeps = false};
  kind.create = [](void* memory, std::size_t) { return std::make_unique<SpinlockThing>(memory); };
  return LockScenarios(kind);
}

}  // namespace muster::ipc::testing
