#ifndef MUSTER_LOG_INHERITED_H_
#define MUSTER_LOG_INHERITED_H_

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace muster::log {

// The descriptor that `path` means, if it means one that this process has inherited: "/dev/stdout",
// "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", or a symbolic link to one of these. To open such a
// path is not the same: a socket cannot be opened, nor may the pipe of another user, and a file
// that is opened again has an offset of its own. Only 1 and 2: other numbers are no output that
// whoever started the process gave to it for logs.
std::optional<int> InheritedDescriptor(const std::string& path);

// Makes `fd` the standard error of the process, for libraries that write to it. For this room the
// inherited one remains what "/dev/stderr" means, unless somebody else replaces it again. In one
// thread, which opens all logs.
absl::Status ReplaceStandardError(int fd);

// The descriptor that was inherited as `number`, wherever it is by now.
int WhereInherited(int number);

}  // namespace muster::log

#endif  // MUSTER_LOG_INHERITED_H_
