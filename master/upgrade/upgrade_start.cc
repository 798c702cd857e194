#include "muster/master/upgrade/upgrade_start.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

// Reads a number up to `end`, which follows it, and moves on behind that.
bool ReadNumber(const char** text, char end, int* number) {
  constexpr int kMost = 1 << 24;
  const char* digit = *text;
  int value = 0;
  for (; *digit >= '0' && *digit <= '9'; ++digit) {
    value = value * 10 + (*digit - '0');
    if (value > kMost) return false;
  }
  if (digit == *text || *digit != end) return false;
  *text = digit + 1;
  *number = value;
  return true;
}

bool ReadTwoNumbers(const char* text, int* first, int* second) {
  return ReadNumber(&text, ':', first) && ReadNumber(&text, '\0', second);
}

std::vector<std::string> Arguments(const std::string& program, const char* flag, int first,
                                   int second, const std::string& text,
                                   const std::vector<std::string>& rest) {
  std::vector<std::string> arguments = {program, flag, absl::StrCat(first, ":", second), text};
  arguments.insert(arguments.end(), rest.begin(), rest.end());
  return arguments;
}

}  // namespace

UpgradeStart ReadUpgradeStart(int argc, const char* const* argv) {
  UpgradeStart start;
  if (argc < 2) return start;
  const bool is_trial = std::strcmp(argv[1], kTryFlag) == 0;
  if (!is_trial && std::strcmp(argv[1], kRestoreFlag) != 0) return start;
  int second = 0;
  if (argc < 1 + kUpgradeArguments || !ReadTwoNumbers(argv[2], &start.state, &second)) {
    start.role = UpgradeStart::Role::kUnfit;
    return start;
  }
  start.role = is_trial ? UpgradeStart::Role::kTrial : UpgradeStart::Role::kRestore;
  if (is_trial) {
    start.verdict = second;
  } else {
    start.tries = second;
    start.undone_for = argv[3];
  }
  return start;
}

std::vector<std::string> TrialArguments(const std::string& program, int state, int verdict,
                                        const std::vector<std::string>& rest) {
  return Arguments(program, kTryFlag, state, verdict, "", rest);
}

std::vector<std::string> RestoreArguments(const std::string& program, int state, int tries,
                                          const std::string& undone_for,
                                          const std::vector<std::string>& rest) {
  return Arguments(program, kRestoreFlag, state, tries, undone_for, rest);
}

}  // namespace muster::master
