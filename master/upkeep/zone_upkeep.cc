#include "muster/master/upkeep/zone_upkeep.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {

using worker::AcceptMutexWatch;

ZoneUpkeep::ZoneUpkeep(loop::TimerQueue& timers, Log& log, const worker::SharedZone& zone,
                       Callbacks callbacks)
    : timers_(timers),
      log_(log),
      zone_(zone),
      callbacks_(std::move(callbacks)),
      accept_mutex_watch_(zone),
      timer_(timers, [this] { Look(); }) {
  timer_.SetAfter(kInterval);
}

void ZoneUpkeep::Look() {
  timer_.SetAfter(kInterval);
  zone_.Restore();
  callbacks_.restore_rest();
  const AcceptMutexWatch::Report report = accept_mutex_watch_.Look();
  if (report.finding == AcceptMutexWatch::Finding::kGood) return;
  if (timers_.now() < next_warning_) return;
  next_warning_ = timers_.now() + kBetweenWarnings;
  Warn(report);
}

void ZoneUpkeep::Warn(const AcceptMutexWatch::Report& report) {
  const bool is_stuck = report.finding == AcceptMutexWatch::Finding::kStuck;
  const std::string holder = is_stuck ? callbacks_.name_of(report.slot) : "";
  log_.Write(Severity::kWarning,
             holder.empty()
                 ? "the accept mutex was damaged; it is free again"
                 : absl::StrCat(holder,
                                " does not give the accept mutex back; the others go on without "
                                "it"));
}

}  // namespace muster::master
