#ifndef MUSTER_CONFIG_CASCADING_MISTAKE_H_
#define MUSTER_CONFIG_CASCADING_MISTAKE_H_

#include "muster/config/config_parser.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// Whether `mistake`, of a value, only follows from a mistake in the text that `parsed` has:
// somebody tried to give the field, or one of the fields of which a message needs one, but wrote it
// wrong. Nobody needs to be told that such a field is missing. `tree` is of the parsed text.
bool IsCascading(const FieldMistake& mistake, const SyntaxTree& tree, const ParsedConfig& parsed);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_CASCADING_MISTAKE_H_
