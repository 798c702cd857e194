#ifndef MUSTER_CTL_STATUS_TEXT_H_
#define MUSTER_CTL_STATUS_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/time/time.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// What the master answered, in text for people. Pure; all that ends in a newline is whole lines.

// The master, its latest trouble if there was one, and its workers. `now` tells its age.
std::string RenderStatus(const admin::v1::Status& status, absl::Time now);

// A line for each worker, and one for those that are no more, if they counted anything.
std::string RenderWorkers(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers,
                          const admin::v1::Counters& ended);

// The same with all counters, one for their total, and what the master counts itself.
std::string RenderStats(const admin::v1::Stats& stats);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_STATUS_TEXT_H_
