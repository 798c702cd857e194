#ifndef MUSTER_CONFIG_SEMANTIC_CHECK_H_
#define MUSTER_CONFIG_SEMANTIC_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// For whom a configuration is checked. A worker without a master needs no rights on the files that
// only a master uses.
enum class Reader { kMaster, kWorkerAlone };

// Checks what the schema's rules cannot express (those are checked by proto/field_rules.h, bounds
// included): addresses that cannot be parsed or overlap, folders that do not exist or cannot be
// made, fields that exclude each other. Defaults must be filled in and paths absolute. Looks at the
// file system, but changes nothing.
std::vector<FieldMistake> CheckSemantics(const v1::Config& config, Reader reader = Reader::kMaster);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SEMANTIC_CHECK_H_
