#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "muster/ipc/lock/liveness_file.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
namespace {

constexpr std::uint32_t kCapacity = 2;
constexpr std::uint32_t kSlot = 1;

Registry NewRegistry(Trial& trial, const LivenessFile* liveness = nullptr) {
  return Value(
      Registry::Create(trial.memory(), Registry::BytesFor(kCapacity), kCapacity, liveness));
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
  if (!registry.IsLive(tag)) trial.Fault("it was called dead before it was marked");
  Recover(registry);
  CheckServesAgain(trial, registry, tag);
}

// Without a parent: after the death both slots can be claimed by others.
void Claimer(Trial& trial) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/liveness";
  const auto claim = [&](Part& part) {
    // The descriptor must not be one that another process made.
    const LivenessFile liveness = Value(LivenessFile::Open(path));
    const Registry registry =
        Value(Registry::Attach(trial.memory(), Registry::BytesFor(kCapacity), &liveness));
    if (!registry.Claim().ok()) part.Fault("a dead one's slot cannot be claimed");
    part.Reach(1);
    part.AwaitPermission(1);
  };
  NewRegistry(trial);
  Victim& victim = trial.StartVictim([&](Part&) {
    const LivenessFile liveness = Value(LivenessFile::Open(path));
    const Registry registry =
        Value(Registry::Attach(trial.memory(), Registry::BytesFor(kCapacity), &liveness));
    SectionMark();
    const auto tag = registry.Claim();
    if (tag.ok()) registry.Leave(*tag);
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  for (std::uint32_t i = 0; i < kCapacity; ++i) trial.Await(trial.Start(claim), 1);
}

}  // namespace

std::vector<Scenario> RegistryScenarios() {
  return {
      {.primitive = "registry", .role = "creator", .play = Creator},
      {.primitive = "registry", .role = "parent that reserves", .play = ReservingParent},
      {.primitive = "registry", .role = "recoverer", .play = RecoveringParent},
      {.primitive = "registry", .role = "participant that joins", .play = JoiningParticipant},
      {.primitive = "registry", .role = "claimer without a parent", .play = Claimer},
  };
}

}  // namespace muster::ipc::testing
