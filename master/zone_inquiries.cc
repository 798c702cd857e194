#include "muster/master/zone_inquiries.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/zone/inspect/zone_report.h"
#include "muster/log/printable.h"
#include "muster/master/admin/report/zone_view.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

using admin::v1::ListLocksRequest;
using admin::v1::ListLocksResponse;
using admin::v1::ListZonesResponse;
using worker::UserZone;
using worker::UserZones;

UserZones ZonesOf(const Deployments& deployments) {
  return deployments.shown() == nullptr ? UserZones() : deployments.shown()->zones;
}

ipc::ZoneReport Look(const UserZone& zone) {
  const host::WaitNote note("looking at zone", zone.name());
  return ReportOf(zone.zone());
}

ListZonesResponse ViewOf(const UserZones& zones) {
  ListZonesResponse response;
  for (const auto& zone : zones) {
    admin::v1::Zone* const view = response.add_zones();
    *view = ViewOfZone(Look(*zone));
    view->set_name(zone->name());
    view->set_instance(zone->instance_id());
    view->set_size_bytes(zone->size_bytes());
  }
  return response;
}

}  // namespace

void ZoneInquiries::ListZones(AdminOperations::Answer<ListZonesResponse> answer) const {
  inquiries_.Ask<ListZonesResponse>(
      [zones = ZonesOf(supervisor_.deployments())](int) -> absl::StatusOr<ListZonesResponse> {
        return ViewOf(zones);
      },
      std::move(answer));
}

void ZoneInquiries::ListLocks(const ListLocksRequest& request,
                              AdminOperations::Answer<ListLocksResponse> answer) const {
  UserZones zones = ZonesOf(supervisor_.deployments());
  const bool is_there =
      request.zone().empty() || std::any_of(zones.begin(), zones.end(), [&](const auto& zone) {
        return zone->name() == request.zone();
      });
  if (!is_there) {
    return answer(absl::NotFoundError(
        absl::StrCat("there is no zone \"", log::Printable(request.zone()), "\"")));
  }
  LockWorkers workers;
  for (const auto& [slot, worker] : supervisor_.workers()) {
    if (worker.pid == 0) continue;
    workers[worker.pid].set_index(worker.index);
    workers[worker.pid].set_generation(worker.generation);
  }
  inquiries_.Ask<ListLocksResponse>(
      [zones = std::move(zones), request, workers = std::move(workers),
       accept = supervisor_.AcceptMutex()](int) -> absl::StatusOr<ListLocksResponse> {
        LockList list(request, workers);
        if (list.Wants("")) list.Add(accept);
        for (const auto& zone : zones) {
          if (list.Wants(zone->name())) list.Add(zone->name(), Look(*zone));
        }
        return list.Take();
      },
      std::move(answer));
}

}  // namespace muster::master
