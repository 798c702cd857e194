#ifndef MUSTER_IPC_ZONE_INSPECT_ZONE_REPORT_H_
#define MUSTER_IPC_ZONE_INSPECT_ZONE_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/zone/directory.h"
#include "muster/ipc/zone/inspect/object_holders.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {

// What a zone looks like at one moment: its participants and its objects.
struct ZoneReport {
  struct Line {
    ParticipantRecord record;
    bool is_alive = false;  // as the kernel says
  };
  struct Object {
    ObjectView view;
    ObjectHolders holders;
    std::string error;  // the entry is damaged; the rest is empty
  };

  std::size_t size_bytes = 0;
  std::size_t max_bytes = 0;
  std::uint32_t max_participants = 0;
  std::uint32_t max_objects = 0;
  std::vector<Line> participants;  // whose slots are not free
  std::vector<Object> objects;
};

// Changes nothing. Never blocks.
ZoneReport ReportOf(const Zone& zone);

// For people, in tables; for programs, one JSON object, whose fields are only added to.
std::string ToText(const ZoneReport& report);
std::string ToJson(const ZoneReport& report);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_INSPECT_ZONE_REPORT_H_
