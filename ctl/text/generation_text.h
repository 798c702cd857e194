#ifndef MUSTER_CTL_TEXT_GENERATION_TEXT_H_
#define MUSTER_CTL_TEXT_GENERATION_TEXT_H_

#include "absl/time/time.h"
#include "muster/ctl/text/table.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// The history of a master for people, one line for each generation. Pure.
Table GenerationsTable(const admin::v1::ListGenerationsResponse& history, absl::TimeZone zone);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_GENERATION_TEXT_H_
