#include <new>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

// With one permit it is a lock that does not tell of deaths.
class SemaphoreThing : public OwnedThing<SemaphoreState<1>> {
 public:
  using OwnedThing::OwnedThing;

  void Join(int participant) override {
    semaphore_.emplace(Value(Semaphore::Create(state(), registry(), tag(participant))));
  }
  bool Lock(int) override {
    permit_ = *semaphore_->Acquire();
    return false;
  }
  void Unlock(int) override {
    MUSTER_CHECK(semaphore_->Release(permit_), "it did not hold the permit");
  }

  std::optional<bool> Held(int participant) const override {
    return OwnerTag::InWord(state()->owners[0].load()) == tag(participant);
  }
  std::string Leftover() const override {
    if (state()->owners[0].load() != 0) return "the permit is gone";
    return OwnedThing::Leftover();
  }

 private:
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
  HeldKind kind{.name = "semaphore", .tells = false};
  kind.create = [](void* memory, std::size_t) { return std::make_unique<SemaphoreThing>(memory); };
  std::vector<Scenario> scenarios = LockScenarios(kind);
  scenarios.push_back(
      {.primitive = "semaphore", .role = "holder of several permits", .play = HolderOfSeveral});
  return scenarios;
}

}  // namespace muster::ipc::testing
