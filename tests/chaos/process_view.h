#ifndef MUSTER_TESTS_CHAOS_PROCESS_VIEW_H_
#define MUSTER_TESTS_CHAOS_PROCESS_VIEW_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace muster::tests::chaos {

// What the kernel tells of a process (/proc), at one moment as far as it can be.
struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';     // as in /proc/PID/stat: R, S, T, Z ...
  std::string title{};  // its command line
  // How many descriptors it has of each kind: "socket", "memfd:muster-zone", "[eventfd]", "file"
  // ...
  std::map<std::string, int> descriptors{};
  std::set<std::uint64_t> sockets{};  // their inodes
  int zone_mappings = 0;              // of memfds

  bool operator==(const Process&) const = default;
};

// Nothing: there is no such process. Of a zombie, or of another user's process, the descriptors are
// empty.
std::optional<Process> ReadProcess(pid_t pid);

// The inodes of its sockets alone, which is quicker.
std::set<std::uint64_t> SocketsOf(pid_t pid);

// The processes whose parent is `parent`, by pid.
std::vector<pid_t> ChildrenOf(pid_t parent);

// The IPv4 sockets of this network namespace at a local port.
struct ServerSockets {
  // The inode of each connection's socket by the client's port. 0: not accepted yet, or closed.
  std::map<std::uint16_t, std::uint64_t> connections{};
  std::set<std::uint64_t> listeners{};
};
ServerSockets ServerSocketsAt(std::uint16_t port);

// For people: a line.
std::string Text(const Process& process);

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_PROCESS_VIEW_H_
