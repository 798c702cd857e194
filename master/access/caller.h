#ifndef MUSTER_MASTER_ACCESS_CALLER_H_
#define MUSTER_MASTER_ACCESS_CALLER_H_

#include <string>
#include <vector>

namespace muster::master {

// Who calls a method, as the connection tells it, never the client itself.
struct Caller {
  // What the principals of rules are compared with: "uid:1000", and "gid:" with each of the groups.
  std::vector<std::string> identities;
  // For people: "uid 1000 (pid 4711)".
  std::string name;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ACCESS_CALLER_H_
