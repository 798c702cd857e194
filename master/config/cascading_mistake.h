#ifndef MUSTER_MASTER_CONFIG_CASCADING_MISTAKE_H_
#define MUSTER_MASTER_CONFIG_CASCADING_MISTAKE_H_

#include "muster/master/config/config_parser.h"
#include "muster/master/config/syntax/syntax_tree.h"
#include "muster/proto/field_rules.h"

namespace muster::master {

// Whether `mistake`, of a value, only follows from a mistake in the text that `parsed` has:
// somebody tried to give the field, or one of the fields of which a message needs one, but wrote it
// wrong. Nobody needs to be told that such a field is missing. `tree` is of the parsed text.
bool IsCascading(const config::FieldMistake& mistake, const SyntaxTree& tree,
                 const ParsedConfig& parsed);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CASCADING_MISTAKE_H_
