#ifndef MUSTER_MASTER_LAUNCH_LAUNCH_PLAN_H_
#define MUSTER_MASTER_LAUNCH_LAUNCH_PLAN_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::master {

// What a launched process is, beside its program. What is unset stays as the launcher's, which is
// as the master's.
struct LaunchPlan {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  std::optional<std::vector<gid_t>> groups;  // the supplementary ones
  bool no_new_privs = false;
  // Also of a process that is root. One that becomes another user loses them in any case.
  bool drops_capabilities = false;
  // Soft and hard. The largest number is no limit.
  std::optional<std::uint64_t> nofile;
  std::optional<std::uint64_t> core;
  std::optional<std::uint64_t> memlock;
  std::optional<std::uint64_t> address_space;
  std::optional<int> nice;
  std::vector<int> cpus;                 // empty: unset
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string folder;                    // the working directory; empty: unset

  // Whether a process becomes so by a launcher only, or by what the one that starts it passes on:
  // the environment, and no_new_privs of the thread that starts it.
  bool needs_launcher() const;

  // A form that is for the same program only: it has no version.
  std::string Serialize() const;
  // Empty: the bytes are no plan.
  static std::optional<LaunchPlan> Parse(const std::string& bytes);
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LAUNCH_LAUNCH_PLAN_H_
