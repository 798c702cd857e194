#include "muster/master/deployment/worker_launch.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/host/account.h"
#include "muster/host/cpu_list.h"
#include "muster/ipc/base/status.h"
#include "muster/process_env/child_environment.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using config::v1::Config;

absl::Status OnlyRoot(const std::string& what, const char* field) {
  return config::AtField(absl::PermissionDeniedError(absl::StrCat(
                             what,
                             ": only a master that runs as root can start workers so; this "
                             "one runs as uid ",
                             ::geteuid())),
                         field);
}

// The ids of `user`, `group` and `supplementary_group`.
absl::Status FindIds(const Config& config, LaunchPlan* plan) {
  const bool is_root = ::geteuid() == 0;
  if (config.has_user()) {
    const absl::StatusOr<host::Account> account = host::FindAccount(config.user());
    if (!account.ok()) return config::AtField(account.status(), "user");
    if (!is_root && account->user != ::geteuid()) {
      return OnlyRoot(absl::StrCat("\"", config.user(), "\""), "user");
    }
    plan->user = account->user;
    plan->group = account->group;
    plan->groups = account->groups;
  }
  if (config.has_group()) {
    const absl::StatusOr<gid_t> group = host::FindGroup(config.group());
    if (!group.ok()) return config::AtField(group.status(), "group");
    if (!is_root && *group != ::getegid()) {
      return OnlyRoot(absl::StrCat("\"", config.group(), "\""), "group");
    }
    plan->group = *group;
  }
  for (int i = 0; i < config.supplementary_group_size(); ++i) {
    const std::string field = absl::StrCat("supplementary_group[", i, "]");
    const absl::StatusOr<gid_t> group = host::FindGroup(config.supplementary_group(i));
    if (!group.ok()) return config::AtField(group.status(), field);
    if (!is_root) {
      return OnlyRoot(absl::StrCat("\"", config.supplementary_group(i), "\""), field.c_str());
    }
    if (i == 0) plan->groups.emplace();
    plan->groups->push_back(*group);
  }
  if (plan->user.has_value() && !plan->group.has_value()) {
    return config::AtField(
        absl::FailedPreconditionError(
            absl::StrCat(config.user(),
                         " is the number of no account, so its group is not known; write `group`")),
        "user");
  }
  // It is as it has to be, and the kernel would not let it set even that.
  if (!is_root) {
    plan->user.reset();
    plan->group.reset();
    plan->groups.reset();
  }
  return absl::OkStatus();
}

// `variables`: as in LaunchPlan::environment.
std::vector<std::string> EnvironmentWith(const std::vector<std::string>& variables) {
  std::vector<std::string> entries = process_env::ChildEnvironment();
  for (const std::string& variable : variables) {
    const std::string start = variable.substr(0, variable.find('=') + 1);
    const auto is_replaced = [&](const std::string& entry) {
      return absl::StartsWith(entry, start);
    };
    entries.erase(std::remove_if(entries.begin(), entries.end(), is_replaced), entries.end());
    entries.push_back(variable);
  }
  return entries;
}

absl::StatusOr<std::vector<std::vector<int>>> FindCpuLists(const Config& config) {
  const std::vector<int> usable = host::AffinityCpuList();
  std::vector<std::vector<int>> lists;
  for (int i = 0; i < config.cpu_affinity_size(); ++i) {
    if (config.cpu_affinity(i) == "AUTO") {
      for (const int cpu : usable) lists.push_back({cpu});
      continue;
    }
    const absl::StatusOr<std::vector<int>> list = host::ParseCpuList(config.cpu_affinity(i));
    if (!list.ok()) continue;  // CheckSemantics reports it
    for (const int cpu : *list) {
      if (std::count(usable.begin(), usable.end(), cpu) > 0) continue;
      return config::AtField(
          absl::FailedPreconditionError(absl::StrCat(
              "\"", config.cpu_affinity(i), "\" has CPU ", cpu,
              ", which this master may not use; it may use ", absl::StrJoin(usable, ","))),
          absl::StrCat("cpu_affinity[", i, "]"));
    }
    lists.push_back(*list);
  }
  return lists;
}

bool HasCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) < 0) return false;
  return std::any_of(std::begin(sets), std::end(sets),
                     [](const auto& set) { return (set.permitted | set.inheritable) != 0; });
}

template <typename Value>
std::optional<Value> IfSet(bool is_set, Value value) {
  return is_set ? std::optional<Value>(value) : std::nullopt;
}

}  // namespace

absl::StatusOr<WorkerLaunch> WorkerLaunch::Find(const Config& config) {
  LaunchPlan found;
  MUSTER_RETURN_IF_ERROR(FindIds(config, &found));
  Ids ids = {found.user, found.group, std::move(found.groups), {}};
  MUSTER_ASSIGN_OR_RETURN(ids.cpu_lists, FindCpuLists(config));
  return With(config, std::move(ids));
}

WorkerLaunch WorkerLaunch::With(const Config& config, Ids ids) {
  WorkerLaunch launch;
  LaunchPlan& plan = launch.plan_;
  plan.user = ids.user;
  plan.group = ids.group;
  plan.groups = std::move(ids.groups);
  launch.cpu_lists_ = std::move(ids.cpu_lists);
  const config::v1::Limits& limits = config.limits();
  plan.no_new_privs = config.no_new_privs();
  // Those of a service manager are for the master.
  plan.drops_capabilities = ::geteuid() != 0 && HasCapabilities();
  plan.nofile = IfSet(limits.has_nofile(), limits.nofile());
  plan.core = IfSet(limits.has_core(), limits.core());
  plan.memlock = IfSet(limits.has_memlock(), limits.memlock());
  plan.address_space = IfSet(limits.has_address_space(), limits.address_space());
  plan.nice = IfSet(config.has_nice(), static_cast<int>(config.nice()));
  for (const config::v1::EnvironmentVariable& variable : config.environment()) {
    plan.environment.push_back(absl::StrCat(variable.name(), "=", variable.value()));
  }
  plan.folder = config.working_directory();
  return launch;
}

LaunchPlan WorkerLaunch::PlanOf(std::uint32_t index) const {
  LaunchPlan plan = plan_;
  plan.environment = EnvironmentWith(plan_.environment);
  if (!cpu_lists_.empty()) plan.cpus = cpu_lists_[index % cpu_lists_.size()];
  return plan;
}

bool WorkerLaunch::is_as_root() const { return plan_.user.value_or(::geteuid()) == 0; }

bool WorkerLaunch::HasSameUser(const WorkerLaunch& other) const {
  return plan_.user == other.plan_.user && plan_.group == other.plan_.group &&
         plan_.groups == other.plan_.groups;
}

}  // namespace muster::master
