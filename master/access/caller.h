#ifndef MUSTER_MASTER_ACCESS_CALLER_H_
#define MUSTER_MASTER_ACCESS_CALLER_H_

#include <string>
#include <vector>

namespace muster::master {

// Who calls a method, as the connection tells it, never the client itself.
struct Caller {
  // What the principals of rules are compared with. Of a Unix socket "uid:1000", and "gid:" with
  // each of the groups; of a certificate its "uri:" and "dns:" names, and its "subject:"; of TCP
  // without TLS "anonymous".
  std::vector<std::string> identities;
  // For people: "uid 1000 (pid 4711)".
  std::string name;

  // Who it is, in whatever process: the first identity.
  const std::string& principal() const { return identities.empty() ? name : identities.front(); }
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ACCESS_CALLER_H_
