#ifndef MUSTER_CTL_MASTER_UNREACHABLE_H_
#define MUSTER_CTL_MASTER_UNREACHABLE_H_

#include <string>

namespace muster::ctl {

// Why no master was reached at a Unix socket, for the operator.
struct Unreachable {
  // One line: the address, what was found there or the kernel's reason, and what to do about it.
  std::string line;
  // Whether the line says what to do. That depends on what was found.
  bool has_advice = false;
  // Whether a master may be there nevertheless.
  bool is_perhaps_there = false;
};

// Explains why connecting to `path` failed with errno `error`. Looks at the file system.
Unreachable ExplainUnreachable(const std::string& path, int error);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_UNREACHABLE_H_
