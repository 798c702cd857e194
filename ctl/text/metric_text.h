#ifndef MUSTER_CTL_TEXT_METRIC_TEXT_H_
#define MUSTER_CTL_TEXT_METRIC_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "muster/ctl/text/table.h"
#include "muster/proto/metric.pb.h"

namespace muster::ctl {

// The metrics of a service as a table: a row for each series. Of a histogram, how many values there
// were and their mean. Pure.
Table MetricsTable(const google::protobuf::RepeatedPtrField<admin::v1::Metric>& metrics);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_METRIC_TEXT_H_
