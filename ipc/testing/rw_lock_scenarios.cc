#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr std::uint32_t kSlots = HeldThing::kParticipants;

class RwLockThing : public OwnedThing<RwLockState<kSlots>> {
 public:
  RwLockThing(void* memory, bool victim_reads, bool others_read)
      : OwnedThing(memory), victim_reads_(victim_reads), others_read_(others_read) {
    // Measures the pause once, so that no actor has to.
    RwLockThing::Join(kParticipants - 1);
  }

  void Join(int participant) override {
    // A pause or two: what is swept is the path, not its length.
    lock_.emplace(Value(
        RwLock::Create(state(), registry(), tag(participant), nullptr, absl::Nanoseconds(60))));
  }
  bool Lock(int participant) override {
    return Reads(participant) ? LockShared() : LockExclusively();
  }
  void Unlock(int participant) override {
    MUSTER_CHECK(Reads(participant) ? lock_->UnlockShared() : lock_->Unlock(),
                 "it did not hold the lock");
  }

  // A writer that waits for readers has torn nothing.
  std::optional<bool> Held(int participant) const override {
    const RwLockWriter& writer = state()->writer;
    return OwnerTag::InWord(writer.word.load()) == tag(participant) && writer.entered.load() != 0;
  }
  std::string Leftover() const override {
    const std::uint32_t word = state()->writer.word.load();
    if (word != kUnlockedWord) return absl::StrCat("the writer's word is 0x", absl::Hex(word));
    if (state()->writer.entered.load() != 0) return "a writer is said to have entered";
    for (const RwLockReader& reader : state()->readers) {
      if (reader.word.load() != 0) return "a reader is left";
    }
    return OwnedThing::Leftover();
  }

 private:
  bool Reads(int participant) const {
    return participant <= kLastVictim ? victim_reads_ : others_read_;
  }
  // It repairs nothing and says that it did.
  bool LockExclusively() {
    const LockOutcome outcome = lock_->Lock();
    MUSTER_CHECK(Holds(outcome), ToString(outcome));
    if (outcome != LockOutcome::kOwnerDied) return false;
    repair();
    lock_->MarkConsistent();
    return true;
  }
  bool LockShared() {
    bool told = false;
    for (;;) {
      const LockOutcome outcome = lock_->LockShared();
      if (outcome == LockOutcome::kAcquired) return told;
      MUSTER_CHECK(outcome == LockOutcome::kNeedsRepair, ToString(outcome));
      // Another reader may have repaired it by now.
      told = LockExclusively() || told;
      lock_->Unlock();
    }
  }

  const bool victim_reads_;
  const bool others_read_;
  std::optional<RwLock> lock_;
};

std::vector<Scenario> Variant(const std::string& name, bool victim_reads, bool others_read) {
  HeldKind kind{.name = "reader-writer lock",
                .victim_shares = victim_reads,
                .others_share = others_read,
                .variant = name};
  kind.create = [=](void* memory, std::size_t) {
    return std::make_unique<RwLockThing>(memory, victim_reads, others_read);
  };
  return LockScenarios(kind);
}

}  // namespace

std::vector<Scenario> RwLockScenarios() {
  std::vector<Scenario> scenarios = Variant("writer, readers", false, true);
  for (Scenario& scenario : Variant("writer, writers", false, false)) {
    scenarios.push_back(std::move(scenario));
  }
  for (Scenario& scenario : Variant("reader, writers", true, false)) {
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace muster::ipc::testing
