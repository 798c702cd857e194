#ifndef MUSTER_MASTER_ADMIN_REPORT_STATUS_REPORT_H_
#define MUSTER_MASTER_ADMIN_REPORT_STATUS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "muster/master/admin/report/slot_counts.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/report/status_snapshot.h"
#include "muster/master/admin/report/wire_message.h"
#include "muster/master/decide/clock.h"
#include "muster/proto/admin.pb.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// By slot: for how long the worker has not run its loop.
using Hung = std::map<std::uint32_t, Duration>;

// A snapshot, ready to be told many times: what stays is serialised once. Each message is written
// with what the workers have counted by then. Each number is read once, so that the totals of the
// workers and of ended workers add up to the total. A value, which many threads may read.
class StatusReport {
 public:
  explicit StatusReport(StatusSnapshot snapshot);

  const StatusSnapshot& snapshot() const { return snapshot_; }

  // The message, serialised. `zone` has the counters.
  std::string Write(StatusPart part, const worker::SharedZone& zone, TimePoint now,
                    const Hung& hung = {}) const;

  // The metrics of the service.
  std::vector<admin::v1::Metric> ReadMetrics(const worker::SharedZone& zone) const;

 private:
  // What stays, serialised: of a Worker and of a WorkerStats.
  struct Worker {
    std::string shown;
    std::string stats;
  };

  void WriteMaster(TimePoint now, WireMessage& out) const;
  void WriteWorkers(int field, const SlotCounts& counts, const worker::SharedZone& zone,
                    TimePoint now, const Hung& hung, WireMessage& out) const;
  // What is of the master as a whole; the lists are of Stats alone.
  void WriteTotals(const SlotCounts& counts, WireMessage& out) const;
  void WriteStatsLists(const SlotCounts& counts, WireMessage& out) const;
  // As many as a client of gRPC takes, with the others' number. Behind all else of Stats.
  void WriteMetrics(const worker::SharedZone& zone, WireMessage& out) const;

  StatusSnapshot snapshot_;
  std::string master_;           // a Master, without uptime
  std::vector<Worker> workers_;  // in the order of the snapshot
  std::size_t bytes_ = 0;        // of a Status, about
};

// The same as a message.
admin::v1::Status ReportStatus(const StatusReport& report, const worker::SharedZone& zone,
                               TimePoint now, const Hung& hung = {});

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_STATUS_REPORT_H_
