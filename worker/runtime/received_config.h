#ifndef MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_
#define MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// Reads the configuration that a master sealed in memfd `fd`, which stays the caller's.
// InvalidArgument: it is not a configuration, or its defaults are not filled in.
absl::StatusOr<config::v1::Config> ReadConfig(int fd);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_RECEIVED_CONFIG_H_
