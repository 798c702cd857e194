#ifndef MUSTER_PROCESS_ENV_SPARE_DESCRIPTORS_H_
#define MUSTER_PROCESS_ENV_SPARE_DESCRIPTORS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace muster::process_env {

// How many more descriptors this process may open: its soft RLIMIT_NOFILE without those that are
// open. Reads a folder of /proc with an entry for each, so it is not for every round of a loop.
// Error: the folder cannot be read.
absl::StatusOr<std::uint64_t> SpareDescriptors();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_SPARE_DESCRIPTORS_H_
