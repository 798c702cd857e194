#ifndef MUSTER_PROCESS_ENV_DESCRIPTOR_LIMIT_H_
#define MUSTER_PROCESS_ENV_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/status.h"

namespace muster::process_env {

// Raises this process's soft RLIMIT_NOFILE to `descriptors`, unless it is higher.
// ResourceExhausted: the hard limit is lower, and the soft limit was raised to that.
absl::Status RaiseDescriptorLimit(std::uint64_t descriptors);

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_DESCRIPTOR_LIMIT_H_
