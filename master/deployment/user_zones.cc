#include "muster/master/deployment/user_zones.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/proto/counted.h"
#include "muster/proto/field_error.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {

using worker::UserZone;
using worker::UserZones;

namespace {

// Null: there is none.
std::shared_ptr<const UserZone> Named(const std::string& name, const UserZones& zones) {
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&](const auto& candidate) { return candidate->name() == name; });
  return found == zones.end() ? nullptr : *found;
}

std::string Forbidden(const worker::WantedZone& wanted, const UserZone& kept) {
  if (wanted.name == worker::kMetricsZone) {
    return "a reload cannot change it; leave \"metrics\" out in one reload and bring it back in "
           "the "
           "next, which begins all totals anew";
  }
  return absl::StrCat("zone \"", wanted.name, "\": has ",
                      config::Counted(kept.size_bytes(), "byte"),
                      ", which a reload cannot change to ", wanted.size_bytes,
                      "; give it another name, or leave it out in one reload and bring it back in "
                      "the next");
}

}  // namespace

absl::StatusOr<UserZones> MakeZones(const config::v1::Config& config, const UserZones& current) {
  for (const config::FieldMistake& forbidden : ForbiddenSizes(config, current)) {
    return config::AtField(absl::FailedPreconditionError(forbidden.problem), forbidden.field);
  }
  UserZones zones;
  for (const worker::WantedZone& wanted : worker::WantedZones(config)) {
    if (auto kept = Named(wanted.name, current)) {
      zones.push_back(std::move(kept));
      continue;
    }
    const host::WaitNote note("allocating zone", wanted.name);
    absl::StatusOr<UserZone> made = UserZone::Create(wanted.name, wanted.size_bytes);
    if (!made.ok()) return config::AtField(made.status(), wanted.size_field);
    zones.push_back(std::make_shared<const UserZone>(*std::move(made)));
  }
  return zones;
}

std::vector<config::FieldMistake> ForbiddenSizes(const config::v1::Config& config,
                                                 const UserZones& current) {
  std::vector<config::FieldMistake> forbidden;
  for (const worker::WantedZone& wanted : worker::WantedZones(config)) {
    const auto kept = Named(wanted.name, current);
    if (kept == nullptr || kept->size_bytes() == wanted.size_bytes) continue;
    forbidden.push_back({wanted.size_field, Forbidden(wanted, *kept)});
  }
  return forbidden;
}

}  // namespace muster::master
