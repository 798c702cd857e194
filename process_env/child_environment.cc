#include "muster/process_env/child_environment.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace muster::process_env {
namespace {

bool IsForThisProcessOnly(absl::string_view entry) {
  return absl::StartsWith(entry, "NOTIFY_SOCKET=") || absl::StartsWith(entry, "LISTEN_") ||
         absl::StartsWith(entry, "WATCHDOG_") || absl::StartsWith(entry, "FDSTORE=");
}

}  // namespace

std::vector<std::string> ChildEnvironment() {
  std::vector<std::string> entries;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!IsForThisProcessOnly(*entry)) entries.emplace_back(*entry);
  }
  return entries;
}

}  // namespace muster::process_env
