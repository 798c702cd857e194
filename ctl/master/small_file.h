#ifndef MUSTER_CTL_MASTER_SMALL_FILE_H_
#define MUSTER_CTL_MASTER_SMALL_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace muster::ctl {

// Reads a file of at most 1 MiB. Does not wait: a pipe or a device is refused (InvalidArgument).
// Other errors are the kernel's.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_SMALL_FILE_H_
