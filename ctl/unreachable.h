#ifndef MUSTER_CTL_UNREACHABLE_H_
#define MUSTER_CTL_UNREACHABLE_H_

#include <string>

namespace muster::ctl {

// Why no master was reached at a Unix socket, for an operator.
struct Unreachable {
  // The address, what is there or the kernel's reason, and what to do about it. One line.
  std::string line;
  // Whether the line has such an advice, which depends on what is there.
  bool has_advice = false;
  // Whether a master may be there all the same.
  bool is_perhaps_there = false;
};

// Explains the errno with which connecting to `path` failed. Looks at the file system.
Unreachable ExplainUnreachable(const std::string& path, int error);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_UNREACHABLE_H_
