#ifndef MUSTER_CONFIG_HTTP_CHECK_H_
#define MUSTER_CONFIG_HTTP_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// Appends the mistakes in the block `http` of a configuration that no rule of a single field tells:
// its locations, access log, types, headers and error pages. Defaults are filled in, and paths must
// be absolute. Looks at the file system. Part of CheckSemantics (semantic_check.h).
void CheckHttp(const v1::Http& http, std::vector<FieldMistake>& mistakes);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_HTTP_CHECK_H_
