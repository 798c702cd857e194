#ifndef MUSTER_HOST_CGROUP_H_
#define MUSTER_HOST_CGROUP_H_

#include <string>
#include <vector>

namespace muster::host {

// Where version 2 of cgroups is usually mounted.
inline constexpr char kCgroupRoot[] = "/sys/fs/cgroup";

// The folder of this process's cgroup, below kCgroupRoot. Empty: it is in no cgroup of version 2.
std::string OwnCgroup();

// `folder` and the folders around it, up to `root`. The limits of all of them hold. Empty: `folder`
// is not below `root`.
std::vector<std::string> CgroupsAround(const std::string& root, std::string folder);

}  // namespace muster::host

#endif  // MUSTER_HOST_CGROUP_H_
