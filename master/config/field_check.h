#ifndef MUSTER_MASTER_CONFIG_FIELD_CHECK_H_
#define MUSTER_MASTER_CONFIG_FIELD_CHECK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/master/config/syntax_tree.h"
#include "muster/master/config/text_mistake.h"

namespace muster::master {

// A statement that should not be where it is, or as it is.
struct MisplacedStatement {
  std::size_t begin = 0;
  std::size_t end = 0;
  TextMistake mistake;
  // The field of the same block that was probably meant; empty: unknown.
  std::string meant;
};

// The statements whose fields `type` does not have, that are given twice, that exclude each other,
// or whose values are of the wrong kind (value_check.h). Inside of a google.protobuf.Any only if
// `any_type`, what it has, is known.
std::vector<MisplacedStatement> CheckFields(const SyntaxTree& tree,
                                            const google::protobuf::Descriptor* type,
                                            const google::protobuf::Descriptor* any_type = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_FIELD_CHECK_H_
