#include "muster/ctl/text/generation_text.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace muster::ctl {
namespace {

using admin::v1::Generation;

std::string OriginOf(const Generation& generation) {
  switch (generation.origin()) {
    case Generation::START:
      return "start";
    case Generation::RELOAD:
      return generation.is_config_from_call() ? "reload of a call's text" : "reload";
    case Generation::ROLLBACK:
      return absl::StrCat("rollback to ", generation.copy_of());
    case Generation::RESUME:
      return absl::StrCat("resume of ", generation.copy_of());
    case Generation::SCALE:
      return absl::StrCat("scale of ", generation.copy_of());
    case Generation::TRIAL:
      return absl::StrCat("trial, back to ", generation.copy_of());
    case Generation::UPGRADE:
      return "upgrade";
    case Generation::UNDO:
      return absl::StrCat("undo, back to ", generation.copy_of());
    default:
      return "-";
  }
}

std::string OutcomeOf(const Generation& generation) {
  switch (generation.outcome()) {
    case Generation::IN_FORCE:
      return "in force";
    case Generation::ON_TRIAL:
      return "in force, on trial";
    case Generation::REPLACED:
      return generation.workers() > 0 ? "replaced, draining" : "replaced";
    case Generation::ROLLED_BACK:
      return absl::StrCat("rolled back: ", generation.reason());
    default:
      return "-";
  }
}

}  // namespace

Table GenerationsTable(const admin::v1::ListGenerationsResponse& history, absl::TimeZone zone) {
  constexpr auto kRight = Table::Align::kRight;
  constexpr std::size_t kHashDigits = 12;
  Table table({{"GEN", kRight},
               {"TIME"},
               {"CONFIG"},
               {"BY"},
               {"ORIGIN"},
               {"WORKERS", kRight},
               {"OUTCOME"}});
  for (const Generation& generation : history.generations()) {
    const absl::Time time = absl::FromUnixSeconds(generation.time().seconds());
    table.AddRow({absl::StrCat(generation.number()),
                  absl::FormatTime("%Y-%m-%d %H:%M:%S", time, zone),
                  generation.config_hash().substr(0, kHashDigits),
                  generation.asked_by().empty() ? "-" : generation.asked_by(), OriginOf(generation),
                  absl::StrCat(generation.workers()), OutcomeOf(generation)});
  }
  return table;
}

}  // namespace muster::ctl
