#ifndef MUSTER_WORKER_RUNTIME_DESCRIPTOR_LIMIT_H_
#define MUSTER_WORKER_RUNTIME_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/status.h"

namespace muster::worker {

// Lets this process open at least `descriptors`, by its soft RLIMIT_NOFILE. ResourceExhausted:
// the hard limit is lower; the soft one was raised to it then.
absl::Status RaiseDescriptorLimit(std::uint64_t descriptors);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_DESCRIPTOR_LIMIT_H_
