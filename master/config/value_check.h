#ifndef MUSTER_MASTER_CONFIG_VALUE_CHECK_H_
#define MUSTER_MASTER_CONFIG_VALUE_CHECK_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "muster/master/config/config_format.h"
#include "muster/master/config/syntax_statement.h"

namespace muster::master {

// What is wrong with the kind of a value that is written for `field`, and what would be right;
// empty: nothing. Of text format only what Protobuf's parser would tell less well.
std::string WhyNotValue(const SyntaxValue& value, const google::protobuf::FieldDescriptor& field,
                        ConfigFormat format);

// The same of a list.
std::string WhyNotList(const SyntaxStatement& statement,
                       const google::protobuf::FieldDescriptor& field, ConfigFormat format);

// What would be right for `field`: "write a whole number, backlog: 1".
std::string WhatIsRight(const google::protobuf::FieldDescriptor& field, ConfigFormat format);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_VALUE_CHECK_H_
