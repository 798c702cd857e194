#include "muster/ctl/text/upgrade_text.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace muster::ctl {
namespace {

using admin::v1::Upgrade;

std::string Upgraded(const Upgrade& upgrade) {
  const absl::Duration took =
      absl::Seconds(upgrade.took().seconds()) + absl::Nanoseconds(upgrade.took().nanos());
  return absl::StrCat("upgraded ", upgrade.from_version(), " to ", upgrade.to_version(), " in ",
                      absl::ToInt64Milliseconds(took), " ms");
}

}  // namespace

std::string DescribeUpgrade(const Upgrade& upgrade) {
  switch (upgrade.state()) {
    case Upgrade::TRYING:
      return "the next program is tried";
    case Upgrade::CHANGING:
      return "the next program and its workers are started";
    case Upgrade::ON_TRIAL: {
      const std::string until =
          upgrade.has_trial_until()
              ? absl::StrCat(" until ", absl::FormatTime(
                                            "%Y-%m-%d %H:%M:%S",
                                            absl::FromUnixSeconds(upgrade.trial_until().seconds()),
                                            absl::LocalTimeZone()))
              : "";
      return absl::StrCat(
          Upgraded(upgrade), "; on trial", until, ", ctl undo goes back",
          upgrade.reason().empty() ? "" : absl::StrCat("; it could not: ", upgrade.reason()));
    }
    case Upgrade::COMMITTED:
      return Upgraded(upgrade);
    case Upgrade::REFUSED:
      return absl::StrCat("refused, nothing changed: ", upgrade.reason());
    case Upgrade::UNDOING:
      return "the master goes back to the program before";
    case Upgrade::UNDONE:
      return absl::StrCat("undone: ", upgrade.reason());
    default:
      return absl::StrCat("state ", static_cast<int>(upgrade.state()));
  }
}

bool IsDecided(const Upgrade& upgrade) {
  return upgrade.state() != Upgrade::TRYING && upgrade.state() != Upgrade::CHANGING &&
         upgrade.state() != Upgrade::UNDOING;
}

}  // namespace muster::ctl
