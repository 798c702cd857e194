#include "muster/config/worker_check.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "muster/host/cpu_list.h"
#include "muster/host/file_access.h"

namespace muster::config {
namespace {

using v1::Config;

void CheckEnvironment(const Config& config, std::vector<FieldMistake>& mistakes) {
  std::map<std::string, int> names;
  for (int i = 0; i < config.environment_size(); ++i) {
    const std::string& name = config.environment(i).name();
    if (name.empty()) continue;  // the rules tell
    const std::string field = absl::StrCat("environment[", i, "]");
    const auto [before, is_new] = names.emplace(name, i);
    if (!is_new) {
      mistakes.push_back({field + ".name", absl::StrCat("\"", name, "\" is environment[",
                                                        before->second, "]'s already")});
    } else if (name.find('=') != name.npos || name.find('\0') != name.npos) {
      mistakes.push_back({field + ".name", absl::StrCat("\"", absl::CEscape(name),
                                                        "\" cannot be the name of a variable: it "
                                                        "has \"=\" or a zero byte")});
    }
    if (config.environment(i).value().find('\0') != std::string::npos) {
      mistakes.push_back({field + ".value", "has a zero byte, which a variable cannot have"});
    }
  }
}

void CheckCpus(const Config& config, std::vector<FieldMistake>& mistakes) {
  for (int i = 0; i < config.cpu_affinity_size(); ++i) {
    const std::string field = absl::StrCat("cpu_affinity[", i, "]");
    if (config.cpu_affinity(i) == "AUTO") {
      if (config.cpu_affinity_size() > 1) {
        mistakes.push_back({field, "\"AUTO\" is for all workers; give it alone"});
      }
      continue;
    }
    const absl::Status status = host::ParseCpuList(config.cpu_affinity(i)).status();
    if (!status.ok()) mistakes.push_back({field, std::string(status.message())});
  }
}

}  // namespace

void CheckWorkers(const Config& config, std::vector<FieldMistake>& mistakes) {
  CheckEnvironment(config, mistakes);
  CheckCpus(config, mistakes);
  if (!config.working_directory().empty()) {
    const std::string& path = config.working_directory();
    const std::string why = host::WhyNotFolder(path);
    if (!why.empty()) {
      mistakes.push_back({"working_directory", absl::StrCat("\"", path, "\" ", why)});
    }
  }
}

}  // namespace muster::config
