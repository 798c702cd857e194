#include <new>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

struct alignas(kCacheLineBytes) Line {
  Counter requests;
  Gauge active;
};

constexpr std::uint64_t kBefore = 0xffffffff;  // the next addition carries into the high half
constexpr std::uint64_t kRequests = 3;

void Writer(Trial& trial) {
  Line* lines = new (trial.memory()) Line[2];
  lines[1].requests.Add(kBefore);
  lines[0].active.Set(5);
  Victim& victim = trial.StartVictim([&](Part&) {
    SectionMark();
    for (std::uint64_t i = 0; i < kRequests; ++i) {
      lines[1].active.Add();
      lines[1].requests.Add();
      lines[1].active.Subtract();
    }
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  const std::uint64_t total = Sum(absl::Span<const Line>(lines, 2), &Line::requests);
  if (total < kBefore || total > kBefore + kRequests) trial.Fault("a counter was torn");
  lines[1].active.Clear();
  if (Sum(absl::Span<const Line>(lines, 2), &Line::active) != 5) trial.Leak("a gauge is left");
  // The slot's next process goes on.
  lines[1].requests.Add();
  if (lines[1].requests.value() != total + 1) trial.Fault("a total was lost");
}

}  // namespace

std::vector<Scenario> CounterScenarios() {
  return {{.primitive = "counter and gauge", .role = "writer", .play = Writer}};
}

}  // namespace muster::ipc::testing
