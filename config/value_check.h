#ifndef MUSTER_CONFIG_VALUE_CHECK_H_
#define MUSTER_CONFIG_VALUE_CHECK_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/syntax_statement.h"

namespace muster::config {

// Why a value of this kind cannot be the value of `field`, and what would be right: a text where a
// number belongs, "16M", an unknown name of an enumeration. Empty: it can. In text format only what
// Protobuf's parser would explain less well. Bounds are not checked here but by the rules of the
// schema (proto/field_rules.h).
std::string WhyNotValue(const SyntaxValue& value, const google::protobuf::FieldDescriptor& field,
                        ConfigFormat format);

// The same for a list.
std::string WhyNotList(const SyntaxStatement& statement,
                       const google::protobuf::FieldDescriptor& field, ConfigFormat format);

// How a value of `field` is written: "write a whole number, backlog: 1".
std::string WhatIsRight(const google::protobuf::FieldDescriptor& field, ConfigFormat format);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_VALUE_CHECK_H_
