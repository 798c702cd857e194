#include "muster/tests/support/case_file.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/check.h"

namespace muster::tests {
namespace {

// "1> text" → "text"; "1>" is an empty line.
bool TakeLine(absl::string_view line, absl::string_view mark, std::string* text) {
  if (!absl::ConsumePrefix(&line, mark)) return false;
  absl::ConsumePrefix(&line, " ");
  absl::StrAppend(text, line, "\n");
  return true;
}

bool BelongsToStep(absl::string_view line, CaseStep* step) {
  if (TakeLine(line, "|", &step->text)) return true;
  if (step->verb != "$") return false;
  if (TakeLine(line, "1>", &step->output) || TakeLine(line, "2>", &step->errors)) return true;
  return absl::ConsumePrefix(&line, "= ") && absl::SimpleAtoi(line, &step->exit);
}

bool IsLeftOut(absl::string_view line) { return line.empty() || absl::StartsWith(line, "#"); }

// Adds what a line says to the steps: another one, or more of the last one.
void AddLine(absl::string_view line, const std::string& place, std::vector<CaseStep>* steps) {
  if (!steps->empty() && BelongsToStep(line, &steps->back())) return;
  MUSTER_CHECK(absl::StartsWith(line, "$") || absl::ascii_isalpha(line[0]), place.c_str());
  const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
  CaseStep step;
  step.place = place;
  step.verb = parts.first;
  step.argument = parts.second;
  steps->push_back(std::move(step));
}

std::string Marked(absl::string_view mark, absl::string_view text) {
  std::string marked;
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    absl::StrAppend(&marked, mark, line.empty() ? "" : " ", line, "\n");
  }
  return text.empty() ? "" : marked;
}

}  // namespace

std::string Case::Name() const {
  std::string name;
  bool is_first = true;
  for (const char c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) name += is_first ? absl::ascii_toupper(byte) : c;
    is_first = !absl::ascii_isalnum(byte);
  }
  return name;
}

void PrintTo(const Case& which, std::ostream* out) { *out << which.title; }

std::vector<Case> ReadCases(const std::string& path) {
  std::ifstream file(path);
  MUSTER_CHECK(file.good(), path.c_str());
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string place = absl::StrCat(path, ":", number);
    absl::string_view title = line;
    if (absl::ConsumePrefix(&title, "== ")) {
      cases.push_back({std::string(title), {}});
    } else if (!IsLeftOut(line)) {
      MUSTER_CHECK(!cases.empty(), place.c_str());
      AddLine(line, place, &cases.back().steps);
    }
  }
  return cases;
}

std::vector<CaseStep> ReadSteps(const std::string& text, const std::string& path, int first_line) {
  std::vector<CaseStep> steps;
  int number = first_line;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!IsLeftOut(line)) AddLine(line, absl::StrCat(path, ":", number), &steps);
    ++number;
  }
  return steps;
}

std::string AsExpectation(const std::string& output, const std::string& errors, int exit) {
  return absl::StrCat(Marked("1>", output), Marked("2>", errors), "= ", exit, "\n");
}

}  // namespace muster::tests
