// The locks for all threads of a participant. The victim's process has a second thread, which is
// parked; the first one is stepped.

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/owned_thing.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/local/holding_thread.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"

namespace muster::ipc::testing {
namespace {

// A pause or two: what is swept is the path, not its length.
constexpr absl::Duration kSpin = absl::Nanoseconds(60);

// Not in the harness, which forks.
void HaveASecondThread(int participant) {
  // Allocates once, so that no section has to.
  HoldingThread::Current();
  if (participant == HeldThing::kParticipants - 1) return;
  std::thread([] {
    for (;;) ::pause();
  }).detach();
}

class ZoneMutexThing : public OwnedThing<MutexState> {
 public:
  explicit ZoneMutexThing(void* memory) : OwnedThing(memory) {
    ZoneMutexThing::Join(kParticipants - 1);
  }

  void Join(int participant) override {
    MutexOptions options;
    options.spin = kSpin;
    mutex_.emplace(Mutex(state(), registry(), tag(participant), options));
    HaveASecondThread(participant);
  }
  // Told of a death, it repairs nothing and says that it did.
  bool Lock(int) override {
    const LockOutcome outcome = mutex_->Lock();
    MUSTER_CHECK(Holds(outcome), ToString(outcome));
    if (outcome != LockOutcome::kOwnerDied) return false;
    mutex_->MarkConsistent();
    return true;
  }
  void Unlock(int) override { MUSTER_CHECK(mutex_->Unlock(), "it did not hold the mutex"); }

  std::optional<bool> Held(int participant) const override {
    return OwnerTag::InWord(state()->word.load()) == tag(participant);
  }
  std::string Leftover() const override {
    const std::uint32_t word = state()->word.load();
    if (word != kUnlockedWord) return absl::StrCat("the word is 0x", absl::Hex(word));
    return OwnedThing::Leftover();
  }

 private:
  std::optional<ZoneMutex> mutex_;
};

class ZoneRwLockThing : public OwnedThing<RwLockState<HeldThing::kParticipants>> {
 public:
  ZoneRwLockThing(void* memory, bool victim_reads)
      : OwnedThing(memory), victim_reads_(victim_reads) {
    ZoneRwLockThing::Join(kParticipants - 1);
  }

  void Join(int participant) override {
    lock_.emplace(Value(RwLock::Create(state(), registry(), tag(participant), nullptr, kSpin)));
    HaveASecondThread(participant);
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
    for (const RwLockReader& reader : state()->readers) {
      if (reader.word.load() != 0) return "a reader is left";
    }
    return OwnedThing::Leftover();
  }

 private:
  // Victims or the others, who have to do with each other then.
  bool Reads(int participant) const { return (participant <= kLastVictim) == victim_reads_; }
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
  std::optional<ZoneRwLock> lock_;
};

std::vector<Scenario> RwLockVariant(const std::string& name, bool victim_reads) {
  HeldKind kind{.name = "zone reader-writer lock",
                .victim_shares = victim_reads,
                .others_share = !victim_reads,
                .variant = name};
  kind.create = [=](void* memory, std::size_t) {
    return std::make_unique<ZoneRwLockThing>(memory, victim_reads);
  };
  return LockScenarios(kind);
}

}  // namespace

std::vector<Scenario> ZoneMutexScenarios() {
  HeldKind kind{.name = "zone mutex"};
  kind.create = [](void* memory, std::size_t) { return std::make_unique<ZoneMutexThing>(memory); };
  return LockScenarios(kind);
}

std::vector<Scenario> ZoneRwLockScenarios() {
  std::vector<Scenario> scenarios = RwLockVariant("writer, readers", false);
  for (Scenario& scenario : RwLockVariant("reader, writers", true)) {
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace muster::ipc::testing
