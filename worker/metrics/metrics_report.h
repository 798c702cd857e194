#ifndef MUSTER_WORKER_METRICS_METRICS_REPORT_H_
#define MUSTER_WORKER_METRICS_METRICS_REPORT_H_

#include <vector>

#include "muster/proto/metric.pb.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// What the workers have registered and counted, sorted by name: in any process that has both zones,
// in any thread. Does not block, and takes time by what there is: the slots that ever registered
// one times the series. Not a snapshot: each word is read at another moment.
//
// Nothing in the memory is believed. A series whose entry is damaged, that is there twice, or that
// is not like the others of its metric is left out. What is damaged among numbers gives a wrong
// number: none above kMostCounted, none that is not finite.
std::vector<admin::v1::Metric> ReadMetrics(const UserZone& zone, const SharedZone& shared);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_REPORT_H_
