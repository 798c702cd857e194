#ifndef MUSTER_WORKER_METRICS_METRICS_FIXTURE_H_
#define MUSTER_WORKER_METRICS_METRICS_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/metrics/metrics_report.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// A master's zones, and the metrics of workers in slots of their own, all in this process.
class MetricsFixture : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kMaxSeries = 40;

  struct Worker {
    Worker(const UserZone& zone, const SharedZone& shared, ipc::OwnerTag its_tag)
        : tag(its_tag), metrics(zone, kMaxSeries, shared, its_tag) {}

    const ipc::OwnerTag tag;
    Metrics metrics;
  };

  // In the lowest free slot.
  std::unique_ptr<Worker> Start() {
    return std::make_unique<Worker>(attached_, shared_, *shared_.Reserve());
  }
  // As the master does when the process is dead.
  void End(std::unique_ptr<Worker> worker) {
    const ipc::OwnerTag tag = worker->tag;
    worker.reset();
    RecoverSlot(shared_, tag);
  }

  std::vector<admin::v1::Metric> Read() const { return ReadMetrics(zone_, shared_); }
  // Of the metric's first series; 0: there is none.
  std::uint64_t Total(const std::string& name) const {
    for (const admin::v1::Metric& metric : Read()) {
      if (metric.name() == name) return metric.series(0).total();
    }
    return 0;
  }

  const SharedZone shared_ = *SharedZone::Create(8);
  const UserZone zone_ =
      *UserZone::Create(std::string(kMetricsZone), MetricsTable::ZoneBytesFor(kMaxSeries));
  // A process takes part once.
  const UserZone attached_ = *UserZone::Attach(zone_.name(), *ipc::DuplicateFd(zone_.memory_fd()),
                                               *ipc::DuplicateFd(zone_.bell_fd()));
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_FIXTURE_H_
