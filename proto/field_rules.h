#ifndef MUSTER_PROTO_FIELD_RULES_H_
#define MUSTER_PROTO_FIELD_RULES_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace muster::config {

// What is wrong in one field of a configuration.
struct FieldMistake {
  std::string field;    // "http.location[2].path"; empty: the message as a whole
  std::string problem;  // what is wrong and what would be right: "is 0; must be at least 1"
};

// Sets each unset field that has a default in its (rule), in `message` and in all messages
// that are set in it. What has presence is unset if it is absent, other fields if they are zero.
// Any message will do: a service's own configuration may have rules as well.
void FillDefaults(google::protobuf::Message* message);

// Every value in `message`, and in the messages set in it, that breaks its field's rule, in the
// order of the schema. Also enum values without a name and durations out of their format. A rule
// that cannot be read itself is reported as its field's mistake.
std::vector<FieldMistake> CheckRules(const google::protobuf::Message& message);

}  // namespace muster::config

#endif  // MUSTER_PROTO_FIELD_RULES_H_
