#include "muster/config/config_mistake.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace muster::config {
namespace {

// A line for each mistake, its parts separated by tabs.
constexpr char kPayload[] = "muster.config/mistakes";

}  // namespace

absl::Status WithMistakes(absl::Status status, const std::vector<ConfigMistake>& mistakes) {
  std::string lines;
  for (const ConfigMistake& mistake : mistakes) {
    absl::StrAppend(&lines, mistake.line, "\t", mistake.column, "\t", mistake.field, "\t",
                    mistake.problem, "\n");
  }
  status.SetPayload(kPayload, absl::Cord(lines));
  return status;
}

std::vector<ConfigMistake> MistakesOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return {};
  const std::string lines(*payload);
  std::vector<ConfigMistake> mistakes;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('\t', 3));
    ConfigMistake& mistake = mistakes.emplace_back();
    if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &mistake.line) ||
        !absl::SimpleAtoi(parts[1], &mistake.column)) {
      mistakes.pop_back();  // nobody else writes them
      continue;
    }
    mistake.field = parts[2];
    mistake.problem = parts[3];
  }
  return mistakes;
}

}  // namespace muster::config
