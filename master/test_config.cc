#include "muster/master/test_config.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "muster/config/config_file.h"
#include "muster/master/aside/call_in_time.h"
#include "muster/master/start_check.h"
#include "muster/master/start_load.h"

namespace muster::master {

ExitCode TestConfig(const Invocation& invocation) {
  // Shared with a thread that is left behind if it hangs.
  const auto shared_check = std::make_shared<StartCheck>(invocation.worker_binary);
  const auto checked = CallInTime<absl::StatusOr<config::CheckedConfig>>(
      [shared_check, invocation](int) {
        return config::ReadConfigFile(invocation.config_file, invocation.prefix,
                                      shared_check->describe(), shared_check->check_more());
      },
      kStartLoadTimeout);
  if (!checked.ok()) {
    std::cerr << "master: " << checked.status().message() << "\n";
    return ExitCode::kFailed;
  }
  const absl::StatusOr<config::CheckedConfig>& config = *checked;
  const StartCheck& check = *shared_check;
  std::vector<std::string> problems = check.problems();
  if (!config.ok()) {
    const std::vector<std::string> lines = absl::StrSplit(config.status().message(), '\n');
    problems.insert(problems.begin(), lines.begin(), lines.end());
  }
  std::vector<std::string> unchecked = check.unchecked();
  unchecked.emplace_back(check.has_looked() ? "the start of the workers"
                                            : "worker program, addresses, files, zones and limits");
  const std::string not_checked = absl::StrCat("not checked: ", absl::StrJoin(unchecked, ", "));
  for (const std::string& note : check.notes()) std::cout << "note: " << note << "\n";
  if (problems.empty()) {
    std::cout << "configuration " << invocation.config_file << " is good";
    if (check.running().has_value()) {
      std::cout << ", its master runs as process " << *check.running();
    }
    std::cout << "; " << not_checked << "\n";
    return ExitCode::kDone;
  }
  std::cerr << absl::StrJoin(problems, "\n") << "\n"
            << "master: a start would fail, " << problems.size()
            << (problems.size() == 1 ? " problem" : " problems") << "; " << not_checked << "\n";
  return ExitCode::kFailed;
}

}  // namespace muster::master
