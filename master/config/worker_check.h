#ifndef MUSTER_MASTER_CONFIG_WORKER_CHECK_H_
#define MUSTER_MASTER_CONFIG_WORKER_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::master {

// Appends the mistakes in what workers are to be: their environment, their folder, their CPUs.
// Users and groups are looked up later, since that may take long. Paths must be absolute. Looks at
// the file system.
void CheckWorkers(const config::v1::Config& config, std::vector<config::FieldMistake>& mistakes);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_WORKER_CHECK_H_
