#include "muster/bench/ipc_duels.h"

#include <chrono>
#include <fstream>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
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
        "counter increment, two processes", "metric increment, two processes", "file lock",
        "channel round trip, two CPUs", "channel message with one fd", "rwlock read, alone",
        "latch read of 64 bytes", "zone mutex, alone", "zone mutex, two threads",
        "zone rwlock read, alone", "zone rwlock read, two threads"}) {
    EXPECT_EQ(rows.count(row), 1) << row;
  }
}

// A row of the table, without what was measured.
struct Row {
  std::string what;
  std::string ours;
  std::string against;
  std::optional<double> at_most;

  friend bool operator==(const Row&, const Row&) = default;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.what << ": " << row.ours << ", " << row.against << ", " << row.at_most.value_or(0);
}

// Not those of Boost, which may not be installed.
void Add(Row row, std::vector<Row>& rows) {
  if (!absl::StartsWith(row.against, "boost")) rows.push_back(std::move(row));
}

std::vector<Row> DocumentedRows() {
  std::ifstream document("docs/BENCHMARKS.md");
  EXPECT_TRUE(document.is_open());
  std::vector<Row> rows;
  bool is_in_table = false;
  for (std::string line; std::getline(document, line);) {
    if (absl::StartsWith(line, "| what ")) {
      is_in_table = true;
    } else if (!absl::StartsWith(line, "|")) {
      is_in_table = false;
    } else if (is_in_table && !absl::StartsWith(line, "| -")) {
      std::vector<std::string> cells = absl::StrSplit(line, '|');
      for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
      double at_most = 0;
      const bool has_target = absl::SimpleAtod(cells.at(9), &at_most);
      Add({cells.at(1), cells.at(2), cells.at(5),
           has_target ? std::optional<double>(at_most) : std::nullopt},
          rows);
    }
  }
  return rows;
}

TEST(IpcDuels, AreTheRowsOfTheDocument) {
  std::vector<Row> rows;
  for (const Duel& duel : IpcDuels()) {
    Add({duel.what, duel.ours.name, duel.peer.name, duel.target}, rows);
  }
  EXPECT_EQ(DocumentedRows(), rows);
}

}  // namespace
}  // namespace muster::bench
