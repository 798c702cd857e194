#include "muster/master/deployment/user_zones.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/aside/wait_note.h"
#include "muster/proto/counted.h"
#include "muster/proto/field_error.h"

namespace muster::master {

using worker::UserZone;
using worker::UserZones;

absl::StatusOr<UserZones> MakeZones(const config::v1::Config& config, const UserZones& current) {
  UserZones zones;
  for (int i = 0; i < config.zone_size(); ++i) {
    const config::v1::Zone& wanted = config.zone(i);
    const std::string field = absl::StrCat("zone[", i, "].size_bytes");
    const auto kept = std::find_if(current.begin(), current.end(), [&](const auto& candidate) {
      return candidate->name() == wanted.name();
    });
    if (kept == current.end()) {
      const WaitNote note("allocating zone", wanted.name());
      absl::StatusOr<UserZone> made = UserZone::Create(wanted.name(), wanted.size_bytes());
      if (!made.ok()) return config::AtField(made.status(), field);
      zones.push_back(std::make_shared<const UserZone>(*std::move(made)));
    } else if ((*kept)->size_bytes() == wanted.size_bytes()) {
      zones.push_back(*kept);
    } else {
      return config::AtField(
          absl::FailedPreconditionError(absl::StrCat(
              "zone \"", wanted.name(), "\": has ", config::Counted((*kept)->size_bytes(), "byte"),
              ", which a reload cannot change to ", wanted.size_bytes(),
              "; give it another name, or leave it out in one reload and bring it back in the "
              "next")),
          field);
    }
  }
  return zones;
}

}  // namespace muster::master
