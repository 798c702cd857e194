#ifndef MUSTER_CONFIG_WORKER_CHECK_H_
#define MUSTER_CONFIG_WORKER_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// Appends the mistakes in what workers are to be: their environment, their folder, their CPUs.
// Users and groups are looked up later, since that may take long. Paths must be absolute. Looks at
// the file system.
void CheckWorkers(const v1::Config& config, std::vector<FieldMistake>& mistakes);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_WORKER_CHECK_H_
