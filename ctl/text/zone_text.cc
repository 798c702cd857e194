#include "muster/ctl/text/zone_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "muster/ctl/text/table.h"
#include "muster/ctl/text/units.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

std::string OrDash(std::string text) { return text.empty() ? "-" : text; }

std::string KindsOf(const v1::Zone& zone) {
  return OrDash(absl::StrJoin(zone.kinds(), ", ", [](std::string* text, const v1::ZoneKind& kind) {
    absl::StrAppend(text, kind.objects(), " ", kind.kind());
  }));
}

std::string Holder(const v1::LockHolder& holder) {
  if (holder.has_worker()) {
    return absl::StrCat("worker ", holder.worker().index(), " of generation ",
                        holder.worker().generation());
  }
  return holder.pid() != 0 ? absl::StrCat("pid ", holder.pid())
                           : absl::StrCat("slot ", holder.slot());
}

std::string Holders(const google::protobuf::RepeatedPtrField<v1::LockHolder>& holders) {
  return absl::StrJoin(holders, ", ", [](std::string* text, const v1::LockHolder& holder) {
    absl::StrAppend(text, Holder(holder));
  });
}

}  // namespace

std::string OwnersText(const v1::Lock& lock) { return OrDash(Holders(lock.owners())); }

std::string LockStateText(const v1::Lock& lock) {
  std::vector<std::string> parts;
  if (lock.readers_size() > 0) parts.push_back("read by " + Holders(lock.readers()));
  if (lock.has_waiters()) parts.push_back("waited for");
  if (lock.owner_died()) parts.push_back("an owner died");
  if (lock.is_not_recoverable()) parts.push_back("not recoverable");
  return OrDash(absl::StrJoin(parts, "; "));
}

std::string WaitsText(const v1::Lock& lock) {
  return lock.has_waits() ? absl::StrCat(lock.waits()) : "-";
}

std::string RecoveriesText(const v1::Lock& lock) {
  return lock.has_recoveries() ? absl::StrCat(lock.recoveries()) : "-";
}

std::string RenderZones(const v1::ListZonesResponse& zones) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"ZONE"},
               {"SIZE", kRight},
               {"USED", kRight},
               {"OBJECTS", kRight},
               {"PROCESSES", kRight},
               {"DEAD", kRight},
               {"DAMAGED", kRight},
               {"KINDS"}});
  for (const v1::Zone& zone : zones.zones()) {
    table.AddRow({zone.name(), FormatBytes(zone.size_bytes()), FormatBytes(zone.object_bytes()),
                  absl::StrCat(zone.objects()), absl::StrCat(zone.participants()),
                  absl::StrCat(zone.dead()), absl::StrCat(zone.damaged()), KindsOf(zone)});
  }
  return table.Render();
}

std::string RenderLocks(const v1::ListLocksResponse& locks) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"ZONE"},
               {"LOCK"},
               {"KIND"},
               {"WAITS", kRight},
               {"RECOVERIES", kRight},
               {"HELD BY"},
               {"STATE"}});
  for (const v1::Lock& lock : locks.locks()) {
    table.AddRow({OrDash(lock.zone()), lock.name(), lock.kind(), WaitsText(lock),
                  RecoveriesText(lock), OwnersText(lock), LockStateText(lock)});
  }
  std::string text = table.Render();
  if (locks.left_out() > 0) {
    absl::StrAppend(&text, "and ", config::Counted(locks.left_out(), "lock"), " more\n");
  }
  return text;
}

}  // namespace muster::ctl
