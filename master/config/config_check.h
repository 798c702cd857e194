#ifndef MUSTER_MASTER_CONFIG_CONFIG_CHECK_H_
#define MUSTER_MASTER_CONFIG_CONFIG_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::master {

// What the rules of the schema cannot say: addresses that cannot be read or are used twice, folders
// that do not exist or cannot be made, fields that do not go together. Defaults are filled in and
// paths absolute. Looks at the file system, changes nothing.
std::vector<config::FieldMistake> CheckConfig(const config::v1::Config& config);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_CHECK_H_
