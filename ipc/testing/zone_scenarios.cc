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
#include "muster/ipc/zone/zone.h"

namespace muster::ipc::testing {
namespace {

constexpr std::uint32_t kSlots = 3;

// Its bytes are those of new memory: whoever makes it writes none, which would be a step for each.
struct Large {
  Large() noexcept {}
  std::byte bytes[64 * 1024];
};

// Generations of two bits come round within a trial.
Zone NewZone() {
  return Value(Zone::Create(
      ZonePlace::Memfd("swept"),
      {.max_participants = kSlots, .max_objects = 8, .initial_bytes = 0, .generation_bits = 2}));
}

// As a supervisor, to whom the kernel has told of a death.
void BuryAllDead(Trial& trial, const Zone& zone) {
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    const ParticipantRecord record = *zone.registry().Read(slot);
    if (record.state == ParticipantState::kFree) continue;
    if (!zone.Bury(record.tag).ok()) trial.Fault("a dead one could not be buried");
  }
}

bool TakesAndGives(LockOutcome outcome, ZoneMutex& mutex) {
  if (outcome == LockOutcome::kOwnerDied) mutex.MarkConsistent();
  return Holds(outcome) && mutex.Unlock();
}

// Every slot can be claimed, every object is whole, and every lock can be had. Without a burial,
// too.
void CheckServes(Trial& trial, const Zone& zone) {
  Actor& user = trial.Start([&](Part& part) {
    for (std::uint32_t turn = 0; turn < 2 * kSlots; ++turn) {
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
      for (const std::byte each : (*large)->bytes) {
        if (each != std::byte{0}) return part.Fault("new memory is not zero");
      }
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
}

// `section` is the victim's, between Join and the end.
template <typename Section>
void KillWithin(Trial& trial, Section section) {
  const Zone zone = NewZone();
  Victim& victim = trial.StartVictim([&](Part& part) { section(part, zone); });
  trial.Step(victim);
  victim.Kill();
  if (!trial.late_recovery()) BuryAllDead(trial, zone);
  CheckServes(trial, zone);
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
  if (!trial.late_recovery()) BuryAllDead(trial, zone);
  CheckServes(trial, zone);
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
  if (!trial.late_recovery()) BuryAllDead(trial, zone);
  CheckServes(trial, zone);
}

}  // namespace

std::vector<Scenario> ZoneScenarios() {
  return {
      {.primitive = "zone", .role = "participant that joins and leaves", .play = JoinerAndLeaver},
      {.primitive = "zone", .role = "participant that adds an object", .play = Adder},
      {.primitive = "zone", .role = "participant that lets it grow", .play = AdderThatLetsItGrow},
      {.primitive = "zone", .role = "owner of several", .play = Owner},
      {.primitive = "zone", .role = "burier", .play = Burier},
      {.primitive = "zone", .role = "claimer of a dead one's slot", .play = ClaimerOfADeadOnesSlot},
  };
}

}  // namespace muster::ipc::testing
