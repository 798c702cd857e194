#ifndef MUSTER_MASTER_DEPLOYMENT_WORKER_LAUNCH_H_
#define MUSTER_MASTER_DEPLOYMENT_WORKER_LAUNCH_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// What the workers of a configuration are, in the kernel's terms.
class WorkerLaunch {
 public:
  // Looks users and groups up, which may block for as long as the machine's name service takes.
  // Errors have their field: there is no such user, or this process may not start workers as one.
  static absl::StatusOr<WorkerLaunch> Find(const config::v1::Config& config);

  // What had to be looked up. The rest is in the configuration, and what this process may do.
  struct Ids {
    std::optional<uid_t> user;
    std::optional<gid_t> group;
    std::optional<std::vector<gid_t>> groups;
    std::vector<std::vector<int>> cpu_lists;  // for the workers in turn; empty: unset
  };
  Ids ids() const { return {plan_.user, plan_.group, plan_.groups, cpu_lists_}; }
  // The same as Find for the same configuration, and looks up nothing.
  static WorkerLaunch With(const config::v1::Config& config, Ids ids);

  // Of the worker with that number in its generation. Reads the environment of this process.
  LaunchPlan PlanOf(std::uint32_t index) const;

  // Whether workers have all rights that this process has, and that is root.
  bool is_as_root() const;
  // Whether the workers of both may do the same: the kernel lets each of them into the other.
  bool HasSameUser(const WorkerLaunch& other) const;

 private:
  LaunchPlan plan_;  // without `cpus`, and with the configuration's own variables only
  std::vector<std::vector<int>> cpu_lists_;  // for the workers in turn; empty: unset
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_WORKER_LAUNCH_H_
