#ifndef MUSTER_CONFIG_SYNTAX_FIELD_LOOKUP_H_
#define MUSTER_CONFIG_SYNTAX_FIELD_LOOKUP_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "muster/config/syntax/syntax_statement.h"

namespace muster::config {

// Finds the statement of a field by its path, and the path of the field at a place. A path is
// written "http.location[2].path". `root` is the block of the whole configuration. Fields of the
// message in an Any are found as if they were the Any's own.

// The offset of what is written for the field, or, if it is missing, of what is around it.
std::size_t LocateField(const SyntaxValue& root, absl::string_view path);

// The block in which the field's statement is, or would be. Null: that block is missing too.
const SyntaxValue* BlockOfField(const SyntaxValue& root, absl::string_view path);

struct FoundStatement {
  const SyntaxStatement* statement = nullptr;  // null: there is none
  const SyntaxValue* block = nullptr;          // around it
  std::string path;
};
// The innermost statement around `offset`. `type` is the whole configuration's, and tells which
// fields have a number in the path. `any_type` is the type of the message in an Any, if it is
// known.
FoundStatement FindStatementAt(const SyntaxValue& root, std::size_t offset,
                               const google::protobuf::Descriptor* type,
                               const google::protobuf::Descriptor* any_type = nullptr);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_FIELD_LOOKUP_H_
