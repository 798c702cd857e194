#ifndef MUSTER_PROTO_SECRETS_H_
#define MUSTER_PROTO_SECRETS_H_

#include <string>

#include "google/protobuf/message.h"

namespace muster::config {

// Replaces what a field with (secret) has, in `message` and in all messages that are set in it:
// texts by "***", other values by nothing. Also in a google.protobuf.Any of a type that this
// program knows; an Any of another type is emptied, since nobody can tell what it has.
void MaskSecrets(google::protobuf::Message* message);

// The message in one line of text format, without its secrets.
std::string OneLineWithoutSecrets(const google::protobuf::Message& message);

}  // namespace muster::config

#endif  // MUSTER_PROTO_SECRETS_H_
