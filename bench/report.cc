#include "muster/bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/bench/round.h"

namespace muster::bench {
namespace {

constexpr std::size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

std::string Nanoseconds(double value) {
  return value < 100 ? absl::StrFormat("%.2f", value) : absl::StrFormat("%.0f", value);
}

Row CellsOf(const DuelResult& result) {
  return Row{result.what,
             result.ours_name,
             Nanoseconds(result.ours.median),
             Nanoseconds(result.ours.minimum),
             result.peer_name,
             Nanoseconds(result.peer.median),
             Nanoseconds(result.peer.minimum),
             absl::StrFormat("%.2f", result.ratio),
             result.target.has_value() ? absl::StrFormat("%.2f", *result.target) : "-",
             !result.target.has_value() ? "-" : (result.met() ? "yes" : "NO")};
}

bool IsNumeric(std::size_t column) { return column != 0 && column != 1 && column != 4; }

std::string Line(const Row& row, const std::array<std::size_t, kColumns>& widths) {
  std::string line = "|";
  for (std::size_t column = 0; column < kColumns; ++column) {
    const std::string padding(widths[column] - row[column].size(), ' ');
    absl::StrAppend(&line, " ", IsNumeric(column) ? padding : "", row[column],
                    IsNumeric(column) ? "" : padding, " |");
  }
  return absl::StrCat(line, "\n");
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

std::string FormatTable(const std::vector<DuelResult>& results) {
  const Row titles = {"what",      "ours",   "median ns", "min ns",  "against",
                      "median ns", "min ns", "ratio",     "at most", "met"};
  std::vector<Row> rows;
  for (const DuelResult& result : results) rows.push_back(CellsOf(result));
  std::array<std::size_t, kColumns> widths = {};
  Row rule;
  for (std::size_t column = 0; column < kColumns; ++column) {
    widths[column] = titles[column].size();
    for (const Row& row : rows) widths[column] = std::max(widths[column], row[column].size());
    rule[column] = std::string(widths[column], '-');
    if (IsNumeric(column)) rule[column].back() = ':';
  }
  std::string table = absl::StrCat(Line(titles, widths), Line(rule, widths));
  for (const Row& row : rows) absl::StrAppend(&table, Line(row, widths));
  return table;
}

std::string FormatJson(const std::vector<DuelResult>& results) {
  std::vector<std::string> objects;
  for (const DuelResult& result : results) {
    objects.push_back(absl::StrFormat(
        R"({"what":"%s","ours":{"name":"%s","median_ns":%.3f,"min_ns":%.3f},)"
        R"("peer":{"name":"%s","median_ns":%.3f,"min_ns":%.3f},"ratio":%.4f,"target":%s,"met":%s})",
        result.what, result.ours_name, result.ours.median, result.ours.minimum, result.peer_name,
        result.peer.median, result.peer.minimum, result.ratio,
        result.target.has_value() ? absl::StrFormat("%.2f", *result.target) : "null",
        result.met() ? "true" : "false"));
  }
  return absl::StrCat("[\n", absl::StrJoin(objects, ",\n"), "\n]\n");
}

std::string DescribeMachine() {
  utsname system = {};
  ::uname(&system);
  double load = 0;
  if (::getloadavg(&load, 1) != 1) load = -1;
  return absl::StrFormat("%s, %d CPUs online, %s %s\npinned to %s; load average before: %.2f\n",
                         ProcessorName(), static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
                         system.sysname, system.release, DescribePlacement(), load);
}

}  // namespace muster::bench
