#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr std::uint32_t kCapacity = 2;
constexpr std::uint32_t kSlot = 1;

Registry NewRegistry(Trial& trial) {
  return Value(Registry::Create(trial.memory(), Registry::BytesFor(kCapacity), kCapacity));
}

// What a supervisor does with a slot whose process is gone, or never was.
void Recover(const Registry& registry) {
  const ParticipantRecord record = *registry.Read(kSlot);
  registry.MarkDead(record.tag);
  registry.Free(record.tag);
}

// The slot serves again, for nobody who had it before.
void CheckServesAgain(Trial& trial, const Registry& registry, OwnerTag before) {
  const absl::StatusOr<OwnerTag> tag = registry.Reserve(kSlot);
  if (!tag.ok()) return trial.Leak("the slot is lost");
  if (*tag == before) trial.Fault("a tag was given out twice");
  if (registry.IsLive(before)) trial.Fault("a dead one is called live");
  if (!registry.IsLive(*tag)) trial.Fault("a live one is called dead");
  if (registry.Read(kSlot)->pid != 0) trial.Fault("the slot shows its former process");
}

void Creator(Trial& trial) {
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    NewRegistry(trial);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  const auto attached = Registry::Attach(trial.memory(), Registry::BytesFor(kCapacity));
  if (!attached.ok()) return;
  if (attached->capacity() != kCapacity) trial.Fault("half a registry was attached");
  CheckServesAgain(trial, *attached, OwnerTag());
}

void ReservingParent(Trial& trial) {
  const Registry registry = NewRegistry(trial);
  const OwnerTag before = Value(registry.Reserve(kSlot));
  registry.MarkDead(before);
  registry.Free(before);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    const auto tag = registry.Reserve(kSlot);
    if (tag.ok()) registry.SetProcess(*tag, 1);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  Recover(registry);
  CheckServesAgain(trial, registry, before);
}

void RecoveringParent(Trial& trial) {
  const Registry registry = NewRegistry(trial);
  const OwnerTag before = Value(registry.Reserve(kSlot));
  registry.SetProcess(before, 1);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    registry.MarkDead(before);
    registry.Free(before);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  Recover(registry);
  CheckServesAgain(trial, registry, before);
}

void JoiningParticipant(Trial& trial) {
  const Registry registry = NewRegistry(trial);
  const OwnerTag tag = Value(registry.Reserve(kSlot));
  Victim& victim = trial.StartVictim([&](Part& part) {
    SectionMark();
    if (!registry.Join(tag).ok()) part.Fault("a reserved slot could not be joined");
    registry.PublishHeartbeat(tag, std::chrono::steady_clock::time_point());
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  Recover(registry);
  CheckServesAgain(trial, registry, tag);
}

// A segment whose participants have no parent. Made in the harness; each process has a Liveness of
// its own, as those have that open the segment by name.
class Segment {
 public:
  Segment()
      : memory_(Value(SharedMemory::CreateMemfd("registry", {.size_bytes = kBytes}))),
        liveness_(Value(Liveness::Bind(memory_.fd()))) {
    // Two bits of generation: they come round during a trial.
    Value(Registry::Create(memory_.data(), kBytes, kCapacity, &liveness_, 2));
  }

  class View {
   public:
    explicit View(const Segment& segment)
        : liveness_(Value(Liveness::Bind(segment.memory_.fd()))),
          registry_(Value(Registry::Attach(segment.memory_.data(), kBytes, &liveness_))) {}
    const Registry& registry() const { return registry_; }

   private:
    const Liveness liveness_;
    const Registry registry_;
  };

 private:
  static constexpr std::size_t kBytes = 128 * (1 + kCapacity);

  SharedMemory memory_;
  Liveness liveness_;
};

bool HoldsNothing(OwnerTag) { return true; }

// Without a parent: after the death all slots can be claimed by others, and again and again.
void CheckCanBeClaimed(Trial& trial, const Segment& segment) {
  const auto claim = [&](Part& part) {
    const Segment::View view(segment);
    for (int turn = 0; turn < 5; ++turn) {
      const auto tag = view.registry().Claim(HoldsNothing);
      if (!tag.ok()) return part.Fault("a dead one's slot cannot be claimed");
      if (!view.registry().IsLiveNow(*tag)) part.Fault("a live one is called dead");
      if (turn < 4) view.registry().Leave(*tag, HoldsNothing);
    }
    part.Reach(1);
    part.AwaitPermission(1);
  };
  for (std::uint32_t i = 0; i < kCapacity; ++i) trial.Await(trial.Start(claim), 1);
}

void Claimer(Trial& trial) {
  const Segment segment;
  Victim& victim = trial.StartVictim([&](Part&) {
    const Segment::View view(segment);
    SectionMark();
    const auto tag = view.registry().Claim(HoldsNothing);
    if (tag.ok()) view.registry().Leave(*tag, HoldsNothing);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  CheckCanBeClaimed(trial, segment);
}

// Without a parent of the participants: who reserves for a child, and who joins.
void ReservingParticipant(Trial& trial) {
  const Segment segment;
  Victim& victim = trial.StartVictim([&](Part&) {
    const Segment::View view(segment);
    SectionMark();
    const auto tag = view.registry().ReserveAny();
    if (tag.ok()) view.registry().Join(*tag).IgnoreError();
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  CheckCanBeClaimed(trial, segment);
}

}  // namespace

std::vector<Scenario> RegistryScenarios() {
  return {
      {.primitive = "registry", .role = "creator", .play = Creator},
      {.primitive = "registry", .role = "parent that reserves", .play = ReservingParent},
      {.primitive = "registry", .role = "recoverer", .play = RecoveringParent},
      {.primitive = "registry", .role = "participant that joins", .play = JoiningParticipant},
      {.primitive = "registry", .role = "claimer without a parent", .play = Claimer},
      {.primitive = "registry",
       .role = "reserver without a supervisor",
       .play = ReservingParticipant},
  };
}

}  // namespace muster::ipc::testing
