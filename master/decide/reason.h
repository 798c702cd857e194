#ifndef MUSTER_MASTER_DECIDE_REASON_H_
#define MUSTER_MASTER_DECIDE_REASON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::master {

// "cannot start: REASON". A reason of several lines begins on a line of its own.
std::string WithReason(absl::string_view what, absl::string_view reason);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_REASON_H_
