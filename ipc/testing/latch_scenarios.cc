#include <cstdint>
#include <new>
#include <optional>

#include "muster/ipc/lock/latch.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

struct Record {
  std::uint64_t words[8];
};

Record Filled(std::uint64_t word) {
  Record record;
  for (std::uint64_t& each : record.words) each = word;
  return record;
}

// What a whole record is filled with. 0: it is torn, or could not be read.
std::uint64_t ReadWhole(const Latch<Record>& latch) {
  const std::optional<Record> record = latch.TryRead(1);
  if (!record.has_value()) return 0;
  for (const std::uint64_t word : record->words) {
    if (word != record->words[0]) return 0;
  }
  return record->words[0];
}

// Writes twice, so that it dies in either copy.
void Writer(Trial& trial) {
  auto* state = new (trial.memory()) LatchState<Record>;
  Latch<Record> latch(state);
  latch.Write(Filled(1));
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    latch.Write(Filled(2));
    latch.Write(Filled(3));
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  const std::uint64_t found = ReadWhole(latch);
  if (found < 1 || found > 3) trial.Fault("a torn value was read");
  if (found != latch.version()) trial.Fault("the value is not the version's");
  latch.Write(Filled(4));
  if (ReadWhole(latch) != 4) trial.Fault("the next writer's value is not there");
}

}  // namespace

std::vector<Scenario> LatchScenarios() {
  return {{.primitive = "latch", .role = "writer", .play = Writer}};
}

}  // namespace muster::ipc::testing
