#include <memory>
#include <new>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/object_parts.h"

namespace muster::ipc::testing {
namespace {

// With one permit it is a lock that does not tell of deaths.
class SemaphoreThing : public OwnedThing {
 public:
  SemaphoreThing(Parent parent, void* memory)
      : OwnedThing(parent, Users::kOneThread, ObjectKind::kSemaphore, 1, memory) {}

  bool Lock(int) override {
    permit_ = *semaphore_->Acquire();
    return false;
  }
  bool TryUnlock(int) override { return semaphore_->Release(permit_); }
  bool IsRefused(int) override { return !semaphore_->Acquire(); }

  std::optional<bool> Held(int participant) const override {
    return IsIn(parts().owners[0].load(), participant);
  }

 private:
  SemaphoreParts parts() const { return SemaphoreParts(state(), 1); }
  void Open(int participant) override {
    semaphore_.emplace(
        Value(Semaphore::Create(parts().header, parts().owners, registry(), tag(participant))));
  }
  std::string Remains() const override {
    return parts().owners[0].load() == 0 ? "" : "the permit is gone";
  }

  std::optional<Semaphore> semaphore_;
  std::uint32_t permit_ = 0;
};

constexpr std::uint32_t kPermits = 3;

// Takes all permits and gives them back one by one; then nobody's permit may be missing.
void HolderOfSeveral(Trial& trial) {
  auto* state = new (trial.memory()) SemaphoreState<kPermits>;
  const Participants participants(static_cast<char*>(trial.memory()) + 4096, 2);
  Victim& victim = trial.StartVictim([&](Part&) {
    Semaphore semaphore =
        Value(Semaphore::Create(state, participants.registry(), participants.tag(0)));
    SectionMark();
    for (std::uint32_t i = 0; i < kPermits; ++i) (void)semaphore.Acquire();
    for (std::uint32_t i = 0; i < kPermits; ++i) semaphore.Release(i);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  Semaphore semaphore =
      Value(Semaphore::Create(state, participants.registry(), participants.tag(1)));
  const std::uint32_t available = semaphore.available();
  participants.MarkDead(0);
  const std::uint32_t recovered = state->Recover(participants.tag(0));
  if (recovered != kPermits - available) trial.Fault("the number of recovered permits is wrong");
  if (semaphore.available() != kPermits) trial.Leak("a permit is gone");
}

}  // namespace

std::vector<Scenario> SemaphoreScenarios() {
  HeldKind kind{.name = "semaphore", .tells = false, .forks = true};
  kind.create = [](Parent parent, void* memory) {
    return std::make_unique<SemaphoreThing>(parent, memory);
  };
  std::vector<Scenario> scenarios = ScenariosWithAndWithoutParent(kind);
  scenarios.push_back(
      {.primitive = "semaphore", .role = "holder of several permits", .play = HolderOfSeveral});
  return scenarios;
}

}  // namespace muster::ipc::testing
