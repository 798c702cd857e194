#include "muster/bench/counter_duels.h"

#include <atomic>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/counter.h"

namespace muster::bench {
namespace {

struct alignas(ipc::kCacheLineBytes) CounterLine {
  ipc::Counter counter;
};

struct CounterLines {
  CounterLine lines[RoundPage::kMaxProcesses];
};

Contestant OwnLines() {
  const auto state = MakeShared<CounterLines>();
  return Contestant{.name = "Counter, a line each",
                    .reset = [state] { new (state.get()) CounterLines(); },
                    .play =
                        [state](Turn& turn) {
                          ipc::Counter& counter = state->lines[turn.role()].counter;
                          turn.Repeat<4096>([&] { counter.Add(); });
                        },
                    .check =
                        [state](std::uint64_t total) {
                          return CheckCount(ipc::Sum(absl::Span<const CounterLine>(state->lines),
                                                     &CounterLine::counter),
                                            total);
                        }};
}

struct alignas(ipc::kCacheLineBytes) CommonLine {
  std::atomic<std::uint64_t> value{0};
};

Contestant OneLine() {
  const auto state = MakeShared<CommonLine>();
  return Contestant{
      .name = "lock xadd on one line",
      .reset = [state] { state->value = 0; },
      .play =
          [state](Turn& turn) {
            turn.Repeat<4096>([&] { state->value.fetch_add(1, std::memory_order_relaxed); });
          },
      .check = [state](std::uint64_t total) { return CheckCount(state->value, total); }};
}

}  // namespace

std::vector<Duel> CounterDuels() {
  return {
      {"counter increment, two processes", Processes::kTwo, OwnLines(), OneLine(), 0.20},
  };
}

}  // namespace muster::bench
