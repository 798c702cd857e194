#include "muster/ctl/text/units.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace muster::ctl {

std::string FormatAge(absl::Duration age) {
  const std::int64_t seconds = age < absl::ZeroDuration() ? 0 : absl::ToInt64Seconds(age);
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (seconds < kMinute) return absl::StrCat(seconds, "s");
  if (seconds < kHour) return absl::StrFormat("%dm%02ds", seconds / kMinute, seconds % kMinute);
  if (seconds < kDay) {
    return absl::StrFormat("%dh%02dm", seconds / kHour, seconds % kHour / kMinute);
  }
  return absl::StrFormat("%dd%02dh", seconds / kDay, seconds % kDay / kHour);
}

std::string FormatElapsed(absl::Duration elapsed) {
  if (elapsed < absl::Seconds(1)) return absl::StrCat(absl::ToInt64Milliseconds(elapsed), "ms");
  if (elapsed < absl::Minutes(1)) {
    // Cut off rather than rounded, so that 59.99 s does not read as 60.0s.
    const std::int64_t tenths = absl::ToInt64Milliseconds(elapsed) / 100;
    return absl::StrFormat("%d.%ds", tenths / 10, tenths % 10);
  }
  return FormatAge(elapsed);
}

std::string FormatBytes(std::uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0.
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", amount, kUnits[unit]);
}

}  // namespace muster::ctl
