#include "muster/worker/sandbox/file_rules.h"

#include <link.h>

#include <cstddef>

#include "muster/log/inherited.h"

namespace muster::worker {
namespace {

class Rules {
 public:
  void Add(const std::string& path, FileUse use) {
    if (!path.empty()) rules_.push_back({path, use});
  }
  void AddLog(const std::string& path, const std::set<std::string>& open_logs) {
    if (open_logs.count(path) != 0 || log::InheritedDescriptor(path).has_value()) return;
    Add(path, FileUse::kLog);
  }
  template <typename Pages>
  void AddPages(const Pages& pages) {
    for (const config::v1::ErrorPage& page : pages) Add(page.file(), FileUse::kRead);
  }

  std::vector<FileRule> rules() && { return std::move(rules_); }

 private:
  std::vector<FileRule> rules_;
};

int AddLibrary(dl_phdr_info* object, std::size_t, void* rules) {
  static_cast<Rules*>(rules)->Add(object->dlpi_name, FileUse::kRead);
  return 0;
}

}  // namespace

std::vector<FileRule> FileRules(const config::v1::Config& config, const SandboxNeeds& needs,
                                const std::set<std::string>& open_logs) {
  Rules rules;
  rules.AddLog(config.log().path(), open_logs);
  rules.AddLog(config.http().access_log().path(), open_logs);
  rules.AddPages(config.http().error_page());
  for (const config::v1::Location& location : config.http().location()) {
    rules.Add(location.root(), FileUse::kRead);
    rules.AddPages(location.error_page());
  }
  for (const std::string& path : needs.read) rules.Add(path, FileUse::kRead);
  for (const std::string& path : needs.write) rules.Add(path, FileUse::kChange);
  return std::move(rules).rules();
}

std::vector<FileRule> FileRulesOfProcess() {
  Rules rules;
  // The name of the program itself is empty here.
  ::dl_iterate_phdr(AddLibrary, &rules);
  rules.Add("/proc/self/exe", FileUse::kRead);
  rules.Add("/proc/self", FileUse::kRead);
  // glibc counts processors there, for the threads of a service.
  rules.Add("/sys/devices/system/cpu", FileUse::kRead);
  rules.Add("/dev/urandom", FileUse::kRead);
  rules.Add("/dev/null", FileUse::kOutput);
  // A log opens them anew.
  rules.Add("/proc/self/fd/1", FileUse::kOutput);
  rules.Add("/proc/self/fd/2", FileUse::kOutput);
  return std::move(rules).rules();
}

}  // namespace muster::worker
