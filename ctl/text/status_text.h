#ifndef MUSTER_CTL_TEXT_STATUS_TEXT_H_
#define MUSTER_CTL_TEXT_STATUS_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/time/time.h"
#include "muster/ctl/text/table.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// The answers of the master as text for people. All functions are pure and return whole lines, each
// with its newline.

// The master, its latest trouble if there was one, and its workers, with the last words of those
// that ended by themselves.
std::string RenderStatus(const admin::v1::Status& status, bool has_colours = false,
                         absl::TimeZone zone = absl::LocalTimeZone());

// One line for each worker, and one for those that have exited, if they counted anything.
std::string RenderWorkers(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers,
                          const admin::v1::Counters& ended);

// The same with all counters, a line for their total, the master's own counts, and the metrics
// of the service if it has some.
std::string RenderStats(const admin::v1::Stats& stats);

// The same as tables, for several masters: one row for a master, and rows for its workers.
Table StatusTable(const admin::v1::Status& status);
Table WorkersTable(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers,
                   const admin::v1::Counters& ended);
Table StatsTable(const admin::v1::Stats& stats);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_STATUS_TEXT_H_
