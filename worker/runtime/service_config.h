#ifndef MUSTER_WORKER_RUNTIME_SERVICE_CONFIG_H_
#define MUSTER_WORKER_RUNTIME_SERVICE_CONFIG_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// Reads `service` of the configuration into `message`. Fills in the defaults of its rules
// (proto/field_rule.proto) and checks the values against them. InvalidArgument: `service` is
// missing, it is of another type, or values break their rules, with one line for each.
absl::Status ReadServiceConfig(const config::v1::Config& config,
                               google::protobuf::Message* message);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_SERVICE_CONFIG_H_
