#include "muster/ipc/process/signal_name.h"

#include <csignal>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace muster::ipc {

std::string SignalName(int number) {
  // Those between 31 and SIGRTMIN are the C library's own.
  if (number >= SIGRTMIN && number <= SIGRTMAX) {
    const int offset = number - SIGRTMIN;
    return offset == 0 ? "SIGRTMIN" : absl::StrCat("SIGRTMIN+", offset);
  }
  const char* const abbreviation = ::sigabbrev_np(number);
  if (number <= 0 || abbreviation == nullptr) return absl::StrCat("signal ", number);
  return absl::StrCat("SIG", abbreviation);
}

absl::StatusOr<int> ParseSignal(absl::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  const absl::string_view name = absl::StripPrefix(upper, "SIG");
  int parsed = 0;
  const bool is_number = absl::SimpleAtoi(upper, &parsed);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    const std::string known = SignalName(number);
    if (!absl::StartsWith(known, "SIG")) continue;
    if (is_number ? parsed == number : name == absl::string_view(known).substr(3)) return number;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("signal \"", text,
                   "\": expected a name like HUP or SIGHUP, or a number from 1 to ", SIGRTMAX));
}

}  // namespace muster::ipc
