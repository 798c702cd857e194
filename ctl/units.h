#ifndef MUSTER_CTL_UNITS_H_
#define MUSTER_CTL_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace muster::ctl {

// How long something has been so, in its two largest units: "12s", "3m12s", "2h05m", "4d03h".
// Less than a second, or a clock that went backwards, is "0s".
std::string FormatAge(absl::Duration age);

// How long something took: "84ms", "1.2s", "3m12s".
std::string FormatElapsed(absl::Duration elapsed);

// "512 B", "1.5 KiB", "20.0 GiB".
std::string FormatBytes(std::uint64_t bytes);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_UNITS_H_
