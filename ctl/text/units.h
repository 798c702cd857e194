#ifndef MUSTER_CTL_TEXT_UNITS_H_
#define MUSTER_CTL_TEXT_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace muster::ctl {

// Returns an age in its two largest units: "12s", "3m12s", "2h05m", "4d03h". Under a second, and
// for a clock that went backwards, "0s".
std::string FormatAge(absl::Duration age);

// Returns how long something took: "84ms", "1.2s", "3m12s".
std::string FormatElapsed(absl::Duration elapsed);

// Returns a size: "512 B", "1.5 KiB", "20.0 GiB".
std::string FormatBytes(std::uint64_t bytes);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_UNITS_H_
