#ifndef MUSTER_PROTO_STATE_STATE_CHECK_H_
#define MUSTER_PROTO_STATE_STATE_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace muster::state {

// Whether a message of a master's state is whole: each field is there that can be seen to be
// missing and is not marked may_be_absent (proto/state/state_rule.proto), none is there that this
// program does not know, and each enumeration has a value that it knows and that is not 0. So of a
// state that another version wrote, nothing is left out unseen. What the values mean is checked by
// who reads them.
//
// InvalidArgument: names the first field for which that is not so, below `place`: "core.worker[3]:
// slot is missing".
absl::Status CheckState(const google::protobuf::Message& message, absl::string_view place);

// Whether it says nothing that this program does not understand, as one that a program of another
// version wrote may: fields and values of enumerations that its schema does not have, anywhere in
// it. What is in a google.protobuf.Any is bytes, which nobody looks into.
//
// InvalidArgument: names the first: "generation[1].config: field 99 is not known".
absl::Status CheckKnown(const google::protobuf::Message& message);

}  // namespace muster::state

#endif  // MUSTER_PROTO_STATE_STATE_CHECK_H_
