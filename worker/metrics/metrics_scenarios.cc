#include "muster/worker/metrics/metrics_scenarios.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/testing/victim.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/metrics/metrics_table.h"

namespace muster::worker {
namespace {

using ipc::testing::Actor;
using ipc::testing::Part;
using ipc::testing::Scenario;
using ipc::testing::SectionMark;
using ipc::testing::Trial;
using ipc::testing::Value;
using ipc::testing::Victim;

constexpr std::uint32_t kMaxSeries = 8;

UserZone Attach(const UserZone& zone) {
  return Value(UserZone::Attach(zone.name(), Value(ipc::DuplicateFd(zone.memory_fd())),
                                Value(ipc::DuplicateFd(zone.bell_fd()))));
}

// The dead one's series is whole or not there, and the one that it had before is; the living one
// registers the dead one's, and others.
void CheckServes(Trial& trial, const UserZone& zone, const SharedZone& shared, ipc::OwnerTag tag,
                 bool has_first) {
  Actor& next = trial.Start([&](Part& part) {
    const UserZone attached = Attach(zone);
    Metrics metrics(attached, kMaxSeries, shared, tag);
    const auto swept = metrics.Counter("swept_total", "help", {{"op", "get"}});
    const auto other = metrics.Gauge("other", "");
    if (!swept.ok() || !other.ok()) return part.Fault("a series cannot be registered");
    swept->Add();
    std::vector<std::string> shown;
    for (const admin::v1::Metric& metric : metrics.Read()) {
      shown.push_back(absl::StrCat(metric.name(), " ", metric.series_size()));
    }
    std::vector<std::string> expected = {"other 1", "swept_total 1"};
    if (has_first) expected.insert(expected.begin(), "first_total 1");
    if (shown != expected) return part.Fault("the directory is not whole");
    if (metrics.Read().back().series(0).total() != 1) part.Fault("a total is not what was counted");
  });
  trial.Await(next, ipc::testing::kFinished);
}

// `prepare`: whether the worker has registered another one before.
void Play(Trial& trial, bool prepare) {
  const SharedZone shared = Value(SharedZone::Create(4));
  const UserZone zone =
      Value(UserZone::Create(std::string(kMetricsZone), MetricsTable::ZoneBytesFor(kMaxSeries)));
  const ipc::OwnerTag first = Value(shared.Reserve());
  const ipc::OwnerTag second = Value(shared.Reserve());
  Victim& victim = trial.StartVictim([&](Part& part) {
    const UserZone attached = Attach(zone);
    Metrics metrics(attached, kMaxSeries, shared, first);
    if (prepare && !metrics.Counter("first_total", "").ok()) part.Fault("the first one");
    SectionMark();
    if (!metrics.Counter("swept_total", "help", {{"op", "get"}}).ok()) part.Fault("it is refused");
    SectionMark();
  });
  trial.Step(victim);
  victim.Kill();
  if (!trial.late_recovery()) zone.BuryDead();
  CheckServes(trial, zone, shared, second, prepare);
}

}  // namespace

std::vector<Scenario> MetricsScenarios() {
  std::vector<Scenario> scenarios;
  for (const bool prepare : {false, true}) {
    scenarios.push_back({.primitive = "metrics",
                         .role = prepare ? "worker that adds a series" : "worker that begins",
                         .play = [prepare](Trial& trial) { Play(trial, prepare); }});
  }
  return scenarios;
}

}  // namespace muster::worker
