#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"
#include "muster/ipc/zone/object_parts.h"

namespace muster::ipc::testing {
namespace {

// What the victims are, and the others.
struct Sides {
  bool victim_reads;
  bool others_read;
};

// `Handle`: RwLock or ZoneRwLock.
template <typename Handle>
class RwLockThing : public OwnedThing {
 public:
  RwLockThing(Parent parent, Users users, Sides sides, void* memory)
      : OwnedThing(parent, users, ObjectKind::kRwLock, kParticipants, memory), sides_(sides) {
    RwLockThing::Open(kParticipants - 1);
  }

  bool Lock(int participant) override {
    return Reads(participant) ? LockShared() : LockExclusively();
  }
  bool TryUnlock(int participant) override {
    return Reads(participant) ? lock_->UnlockShared() : lock_->Unlock();
  }
  bool IsRefused(int) override {
    return lock_->Lock() == LockOutcome::kNotParticipant &&
           lock_->LockShared() == LockOutcome::kNotParticipant;
  }

  // A writer that waits for readers has torn nothing.
  std::optional<bool> Held(int participant) const override {
    const RwLockWriter& writer = *parts().writer;
    return IsIn(writer.word.load(), participant) && writer.entered.load() != 0;
  }

 private:
  RwLockParts parts() const { return RwLockParts(state(), kParticipants); }
  void Open(int participant) override {
    // A pause or two: what is swept is the path, not its length.
    lock_.emplace(Value(RwLock::Create(parts().writer, parts().readers, registry(),
                                       tag(participant), nullptr, absl::Nanoseconds(60))));
  }
  std::string Remains() const override {
    const std::uint32_t word = parts().writer->word.load();
    if (word != kUnlockedWord) return absl::StrCat("the writer's word is 0x", absl::Hex(word));
    if (parts().writer->entered.load() != 0) return "a writer is said to have entered";
    for (const RwLockReader& reader : parts().readers) {
      if (reader.word.load() != 0) return "a reader is left";
    }
    return "";
  }

  bool Reads(int participant) const {
    return participant <= kLastVictim ? sides_.victim_reads : sides_.others_read;
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

  const Sides sides_;
  std::optional<Handle> lock_;
};

template <typename Handle>
void AddVariant(const std::string& name, OwnedThing::Users users, const std::string& variant,
                Sides sides, std::vector<Scenario>& scenarios) {
  HeldKind kind{.name = name,
                .victim_shares = sides.victim_reads,
                .others_share = sides.others_read,
                .variant = variant};
  // A writer's fork is the same whoever waits.
  kind.forks = !sides.others_read;
  kind.create = [=](Parent parent, void* memory) {
    return std::make_unique<RwLockThing<Handle>>(parent, users, sides, memory);
  };
  for (Scenario& scenario : ScenariosWithAndWithoutParent(kind)) {
    scenarios.push_back(std::move(scenario));
  }
}

template <typename Handle>
std::vector<Scenario> RwLockScenariosOf(const std::string& name, OwnedThing::Users users) {
  std::vector<Scenario> scenarios;
  AddVariant<Handle>(name, users, "writer, readers", {false, true}, scenarios);
  AddVariant<Handle>(name, users, "writer, writers", {false, false}, scenarios);
  AddVariant<Handle>(name, users, "reader, writers", {true, false}, scenarios);
  return scenarios;
}

}  // namespace

std::vector<Scenario> RwLockScenarios() {
  return RwLockScenariosOf<RwLock>("reader-writer lock", OwnedThing::Users::kOneThread);
}

std::vector<Scenario> ZoneRwLockScenarios() {
  return RwLockScenariosOf<ZoneRwLock>("zone reader-writer lock", OwnedThing::Users::kAllThreads);
}

}  // namespace muster::ipc::testing
