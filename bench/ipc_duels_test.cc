#include "muster/bench/ipc_duels.h"

#include <chrono>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "muster/bench/duel.h"

namespace muster::bench {
namespace {

// No times are judged here: whether every payload comes through is.
TEST(IpcDuels, CarryEveryPayload) {
  for (const Duel& duel : IpcDuels()) {
    const auto result = RunDuel(duel, 1, std::chrono::milliseconds(1));
    EXPECT_TRUE(result.ok()) << duel.what << ": " << result.status();
  }
}

TEST(IpcDuels, HaveARowForEachPrimitive) {
  std::set<std::string> rows;
  for (const Duel& duel : IpcDuels()) {
    if (duel.target.has_value()) rows.insert(duel.what);
  }
  for (const char* row :
       {"mutex, alone", "mutex, two processes", "spinlock, alone",
        "counter increment, two processes", "file lock", "channel round trip, two CPUs",
        "channel message with one fd", "rwlock read, alone", "latch read of 64 bytes",
        "zone mutex, alone", "zone mutex, two threads", "zone rwlock read, alone",
        "zone rwlock read, two threads"}) {
    EXPECT_EQ(rows.count(row), 1) << row;
  }
}

}  // namespace
}  // namespace muster::bench
