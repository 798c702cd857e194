#ifndef MUSTER_MASTER_DECIDE_REASON_H_
#define MUSTER_MASTER_DECIDE_REASON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::master {

// "cannot start: REASON"; several lines, as the mistakes of a configuration are, begin below it.
std::string WithReason(absl::string_view what, absl::string_view reason);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_REASON_H_
