#include "muster/master/systemd/passed_names.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace muster::master {
namespace {

// More than a process may have open by default, many times over.
constexpr std::int64_t kMost = 1 << 16;

absl::Status Odd(const char* variable, absl::string_view value, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      variable, " is \"", absl::CHexEscape(value.substr(0, 100)), "\", which is ", what));
}

bool IsNumber(absl::string_view text, std::int64_t most, std::int64_t* number) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
         absl::SimpleAtoi(text, number) && *number <= most;
}

}  // namespace

absl::StatusOr<PassedNames> ReadPassedNames(const PassedVariables& variables, pid_t self) {
  PassedNames passed;
  if (variables.pid == nullptr || variables.fds == nullptr) return passed;
  std::int64_t pid = 0;
  if (!IsNumber(variables.pid, INT32_MAX, &pid)) {
    return Odd("LISTEN_PID", variables.pid, "not the number of a process");
  }
  if (pid != self) {
    passed.ignored =
        absl::StrCat("the descriptors of LISTEN_FDS are not used: LISTEN_PID has process ", pid,
                     ", and this is process ", self);
    return passed;
  }
  std::int64_t count = 0;
  if (!IsNumber(variables.fds, kMost, &count)) {
    return Odd("LISTEN_FDS", variables.fds, absl::StrCat("not a number from 0 to ", kMost));
  }
  if (variables.names == nullptr) {
    passed.names.assign(static_cast<std::size_t>(count), "unknown");
    return passed;
  }
  // No name is an empty text, as one empty name is.
  if (count > 0) passed.names = absl::StrSplit(variables.names, ':');
  if (static_cast<std::int64_t>(passed.names.size()) != count) {
    return Odd("LISTEN_FDNAMES", variables.names,
               absl::StrCat(passed.names.size(), " names; LISTEN_FDS is ", count));
  }
  return passed;
}

}  // namespace muster::master
