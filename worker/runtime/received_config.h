#ifndef MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_
#define MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// The configuration that a master sealed in `fd`, which stays the caller's. InvalidArgument: it is
// none, or not one with its defaults filled in.
absl::StatusOr<config::v1::Config> ReadConfig(int fd);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_
