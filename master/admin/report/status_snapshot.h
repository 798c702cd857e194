#ifndef MUSTER_MASTER_ADMIN_REPORT_STATUS_SNAPSHOT_H_
#define MUSTER_MASTER_ADMIN_REPORT_STATUS_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "muster/host/process_usage.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/proto/admin.pb.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// By slot: what the slot had counted when the worker that has it now got it.
using CountedBefore = std::map<std::uint32_t, worker::StatsValues>;

// The same of how long requests took.
using LatencyBefore = std::map<std::uint32_t, worker::LatencyValues>;

// By slot: what the process uses.
using Usage = std::map<std::uint32_t, host::ProcessUsage>;

admin::v1::Master::State StateOf(MasterState state);

// What of a status only the loop's thread knows, at one moment: all but what the workers count. A
// value, which other threads may read.
struct StatusSnapshot {
  struct Worker {
    admin::v1::Worker shown;  // without age, hung_for, and what the zone has of it
    TimePoint started{};      // the process, if there is one
    bool has_loop = false;    // it was ready, so that it may hang
    Duration silent_after{};  // when it is taken to hang; zero: never
    bool has_before = false;
    worker::StatsValues before{};  // if it has some: what the slot had counted when it got the slot
    worker::LatencyValues latency_before{};
  };

  admin::v1::Master master;            // without uptime
  std::optional<TimePoint> started{};  // the master
  std::vector<Worker> workers;         // sorted by generation, then by number
  std::uint32_t slots = UINT32_MAX;  // those from this one on were never taken; nobody counts there
  std::uint64_t reloads = 0;
  std::uint64_t reloads_refused = 0;
  std::uint64_t crashes = 0;
  // Of the service. Null: the configuration has none.
  std::shared_ptr<const worker::UserZone> metrics;
};

// What the core does not know (pid, version, start, files, addresses) is left to the caller.
StatusSnapshot SnapshotOf(const SupervisorCore& core, const CountedBefore& before,
                          const Usage& usage = {}, const LatencyBefore& latency_before = {});

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_STATUS_SNAPSHOT_H_
