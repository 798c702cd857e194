#ifndef MUSTER_CTL_TOP_TOP_GENERATIONS_H_
#define MUSTER_CTL_TOP_TOP_GENERATIONS_H_

#include <string>

#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// What the workers of each generation do, the newest first: "generation 3: 2 serving; generation 2:
// 1 draining, 1 hung". Empty if there is only one generation.
std::string GenerationsLine(const admin::v1::Status& status);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_GENERATIONS_H_
