#ifndef MUSTER_MASTER_PROCESS_CGROUP_H_
#define MUSTER_MASTER_PROCESS_CGROUP_H_

#include <string>
#include <vector>

namespace muster::master {

// Where version 2 of cgroups is usually mounted.
inline constexpr char kCgroupRoot[] = "/sys/fs/cgroup";

// The folder of this process's cgroup, below kCgroupRoot. Empty: it is in none of version 2.
std::string OwnCgroup();

// `folder` and those around it, up to `root`, whose limits all hold; empty if it is not below.
std::vector<std::string> CgroupsAround(const std::string& root, std::string folder);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_CGROUP_H_
