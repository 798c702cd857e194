#ifndef MUSTER_MASTER_CONFIG_HTTP_CHECK_H_
#define MUSTER_MASTER_CONFIG_HTTP_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::master {

// Appends the mistakes in the block `http` of a configuration that no rule of a single field tells:
// its locations, access log, types, headers and error pages. Defaults are filled in, and paths must
// be absolute. Looks at the file system. Part of CheckSemantics (semantic_check.h).
void CheckHttp(const config::v1::Http& http, std::vector<config::FieldMistake>& mistakes);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_HTTP_CHECK_H_
