// A zone as a whole: who joins, adds objects, lets the zone grow and leaves; and who buries the
// dead.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/inspect/object_holders.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc::testing {
namespace {

constexpr std::uint32_t kSlots = 3;
// They come round within a trial.
constexpr int kGenerationBits = 2;
constexpr std::uint32_t kGenerations = 1u << kGenerationBits;

// Whoever makes it writes one byte only: each would be a step. The others are those of new memory.
// The byte is far behind the beginning, where another object has its words if this one is given up.
struct Large {
  Large() noexcept { bytes[kWritten] = kMark; }
  bool IsNew() const {
    for (const std::byte& each : bytes) {
      if (each != (&each == &bytes[kWritten] ? kMark : std::byte{0})) return false;
    }
    return true;
  }

  static constexpr std::size_t kWritten = 48 * 1024;
  static constexpr std::byte kMark{2};
  std::byte bytes[64 * 1024];
};

Zone NewZone() {
  return Value(Zone::Create(ZonePlace::Memfd("swept"), {.max_participants = kSlots,
                                                        .max_objects = 8,
                                                        .initial_bytes = 0,
                                                        .generation_bits = kGenerationBits}));
}

// As a supervisor, to whom the kernel has told of a death.
void BuryAllDead(Trial& trial, const Zone& zone) {
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    const ParticipantRecord record = *zone.registry().Read(slot);
    if (record.state == ParticipantState::kFree) continue;
    if (!zone.Bury(record.tag).ok()) trial.Fault("a dead one could not be buried");
  }
}

// No object names one whose slot is free already, or another's: an innocent would have what a dead
// one held.
void CheckHolders(Trial& trial, const Zone& zone) {
  for (const auto& object : zone.List()) {
    if (!object.ok()) return trial.Fault("an entry is damaged");
    const ObjectHolders holders = HoldersOf(*object);
    for (const auto* tags : {&holders.owners, &holders.readers}) {
      for (const OwnerTag tag : *tags) {
        const ParticipantRecord record = *zone.registry().Read(tag.slot());
        if (record.tag != tag || record.state == ParticipantState::kFree) {
          trial.Leak(object->name + " is held by one who is buried");
        }
      }
    }
  }
}

// Waits for one object only, and so finds that its owner is dead, if it is.
void FindADeath(Trial& trial, const Zone& zone) {
  Actor& finder = trial.Start([&](Part& part) {
    const auto self = zone.Join();
    const auto mutex = zone.Get<ZoneMutex>("mutex");
    if (!self.ok() || !mutex.ok()) return part.Fault("the mutex cannot be had");
    if (const LockOutcome outcome = (*mutex)->Lock(); Holds(outcome)) {
      // Not marked consistent: the next one is told as well.
      (*mutex)->Unlock();
    } else {
      part.Fault("the mutex is lost");
    }
  });
  trial.Await(finder, kFinished);
}

bool TakesAndGives(LockOutcome outcome, ZoneMutex& mutex) {
  if (outcome == LockOutcome::kOwnerDied) mutex.MarkConsistent();
  return Holds(outcome) && mutex.Unlock();
}

// Every slot can be claimed, every object is whole, and every lock can be had. Without a burial,
// too.
void CheckServes(Trial& trial, const Zone& zone) {
  Actor& user = trial.Start([&](Part& part) {
    for (std::uint32_t turn = 0; turn < kSlots * kGenerations; ++turn) {
      const auto self = zone.Join();
      if (!self.ok()) return part.Fault("a slot is lost");
      const auto mutex = zone.Get<ZoneMutex>("mutex");
      const auto rw_lock = zone.Get<ZoneRwLock>("rwlock");
      const auto semaphore = zone.Get<Semaphore>("semaphore", 1u);
      const auto large = zone.Get<Large>("large");
      if (!mutex.ok() || !rw_lock.ok() || !semaphore.ok() || !large.ok()) {
        return part.Fault("an object cannot be had");
      }
      if (!TakesAndGives((*mutex)->Lock(), **mutex)) part.Fault("the mutex is lost");
      const LockOutcome outcome = (*rw_lock)->Lock();
      if (outcome == LockOutcome::kOwnerDied) (*rw_lock)->MarkConsistent();
      if (!Holds(outcome) || !(*rw_lock)->Unlock()) part.Fault("the rwlock is lost");
      if (!(*semaphore)->Release((*semaphore)->Acquire().value_or(~0u)))
        part.Fault("the permit is lost");
      if (!(*large)->IsNew()) return part.Fault("new memory is not zero");
    }
    std::set<std::string> names;
    for (const auto& object : zone.List()) {
      if (!object.ok()) return part.Fault("an entry is damaged");
      if (!names.insert(object->name).second) part.Fault("two objects have one name");
    }
    part.Reach(1);
    part.AwaitPermission(1);
  });
  trial.Await(user, 1);
  CheckHolders(trial, zone);
}

// By the supervisor at once, or by whoever needs something of the dead.
void BuryOrLetFind(Trial& trial, const Zone& zone) {
  trial.late_recovery() ? FindADeath(trial, zone) : BuryAllDead(trial, zone);
  CheckHolders(trial, zone);
  CheckServes(trial, zone);
}

// `section` is the victim's, between Join and the end.
template <typename Section>
void KillWithin(Trial& trial, Section section) {
  const Zone zone = NewZone();
  Victim& victim = trial.StartVictim([&](Part& part) { section(part, zone); });
  trial.Step(victim);
  victim.Kill();
  BuryOrLetFind(trial, zone);
}

void JoinerAndLeaver(Trial& trial) {
  KillWithin(trial, [](Part& part, const Zone& zone) {
    SectionMark();
    {
      const auto self = zone.Join();
      if (!self.ok()) part.Fault("nobody is there, and it cannot join");
    }
    SectionMark();
  });
}

void Adder(Trial& trial) {
  KillWithin(trial, [](Part& part, const Zone& zone) {
    const auto self = zone.Join();
    SectionMark();
    if (!zone.Get<ZoneMutex>("mutex").ok()) part.Fault("an object cannot be added");
    SectionMark();
  });
}

void AdderThatLetsItGrow(Trial& trial) {
  KillWithin(trial, [](Part& part, const Zone& zone) {
    const auto self = zone.Join();
    SectionMark();
    if (!zone.Get<Large>("large").ok()) part.Fault("the zone cannot grow");
    SectionMark();
  });
}

void Owner(Trial& trial) {
  KillWithin(trial, [](Part& part, const Zone& zone) {
    const auto self = zone.Join();
    const auto mutex = Value(zone.Get<ZoneMutex>("mutex"));
    const auto rw_lock = Value(zone.Get<ZoneRwLock>("rwlock"));
    const auto semaphore = Value(zone.Get<Semaphore>("semaphore", 1u));
    SectionMark();
    if (!Holds(mutex->Lock()) || !Holds(rw_lock->Lock())) part.Fault("nobody holds it");
    const auto permit = semaphore->Acquire();
    if (!permit || !semaphore->Release(*permit)) part.Fault("nobody has the permit");
    rw_lock->Unlock();
    mutex->Unlock();
    SectionMark();
  });
}

void Burier(Trial& trial) {
  const Zone zone = NewZone();
  const OwnerTag tag = Value(zone.Reserve());
  Actor& dead = trial.Start([&](Part& part) {
    const auto self = zone.Join(tag);
    const auto mutex = Value(zone.Get<ZoneMutex>("mutex"));
    const auto rw_lock = Value(zone.Get<ZoneRwLock>("rwlock"));
    const auto semaphore = Value(zone.Get<Semaphore>("semaphore", 1u));
    if (!Holds(mutex->Lock()) || !Holds(rw_lock->Lock())) part.Fault("nobody holds it");
    if (!semaphore->Acquire()) part.Fault("nobody has the permit");
    part.Reach(1);
    part.AwaitPermission(1);
  });
  if (!trial.Await(dead, 1)) return;
  dead.Kill();
  Victim& victim = trial.StartVictim([&](Part& part) {
    SectionMark();
    if (!zone.Bury(tag).ok()) part.Fault("a dead one could not be buried");
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  BuryOrLetFind(trial, zone);
}

// Waits for one object of a dead participant, and buries it with all that it held.
void Finder(Trial& trial) {
  const Zone zone = NewZone();
  Actor& dead = trial.Start([&](Part& part) {
    const auto self = zone.Join();
    const auto mutex = Value(zone.Get<ZoneMutex>("mutex"));
    const auto rw_lock = Value(zone.Get<ZoneRwLock>("rwlock"));
    if (!Holds(mutex->Lock()) || !Holds(rw_lock->Lock())) part.Fault("nobody holds it");
    part.Reach(1);
    part.AwaitPermission(1);
  });
  if (!trial.Await(dead, 1)) return;
  dead.Kill();
  Victim& victim = trial.StartVictim([&](Part& part) {
    const auto self = zone.Join();
    const auto mutex = Value(zone.Get<ZoneMutex>("mutex"));
    SectionMark();
    if (mutex->Lock() != LockOutcome::kOwnerDied) part.Fault("the death was not told");
    mutex->Unlock();
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  BuryOrLetFind(trial, zone);
}

// Who needs the slot of a dead participant recovers what it held, in the middle of its own joining.
void ClaimerOfADeadOnesSlot(Trial& trial) {
  const Zone zone = NewZone();
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    Actor& dead = trial.Start([&](Part& part) {
      const auto self = zone.Join();
      const auto mutex = Value(zone.Get<ZoneMutex>(absl::StrCat("mutex", i)));
      if (!Holds(mutex->Lock())) part.Fault("nobody holds it");
      part.Reach(1);
      part.AwaitPermission(1);
    });
    if (!trial.Await(dead, 1)) return;
    dead.Kill();
  }
  Victim& victim = trial.StartVictim([&](Part& part) {
    SectionMark();
    const auto self = zone.Join();
    if (!self.ok()) part.Fault("the slots of the dead are lost");
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  BuryOrLetFind(trial, zone);
}

}  // namespace

std::vector<Scenario> ZoneScenarios() {
  return {
      {.primitive = "zone", .role = "participant that joins and leaves", .play = JoinerAndLeaver},
      {.primitive = "zone", .role = "participant that adds an object", .play = Adder},
      {.primitive = "zone", .role = "participant that lets it grow", .play = AdderThatLetsItGrow},
      {.primitive = "zone", .role = "owner of several", .play = Owner},
      {.primitive = "zone", .role = "burier", .play = Burier},
      {.primitive = "zone", .role = "finder of a death", .play = Finder},
      {.primitive = "zone", .role = "claimer of a dead one's slot", .play = ClaimerOfADeadOnesSlot},
  };
}

}  // namespace muster::ipc::testing
