#ifndef MUSTER_CONFIG_FIELD_CHECK_H_
#define MUSTER_CONFIG_FIELD_CHECK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// A statement whose field or value is wrong.
struct MisplacedStatement {
  std::size_t begin = 0;
  std::size_t end = 0;
  TextMistake mistake;
  // The field of the same block that was probably meant. Empty: unknown.
  std::string meant;
};

// The statements whose field is unknown to `type`, is given twice, or excludes another one that is
// given, and those with values of the wrong kind (value_check.h). The message in a
// google.protobuf.Any is checked if `any_type`, its type, is known. Bounds are not checked here but
// by the rules of the schema (proto/field_rules.h).
std::vector<MisplacedStatement> CheckFields(const SyntaxTree& tree,
                                            const google::protobuf::Descriptor* type,
                                            const google::protobuf::Descriptor* any_type = nullptr);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_FIELD_CHECK_H_
