#include "muster/master/upgrade/state_format.h"

namespace muster::master {

[[gnu::weak]] extern const std::uint32_t kStateFormat;
const std::uint32_t kStateFormat = 1;
[[gnu::weak]] extern const std::uint32_t kOldestStateFormat;
const std::uint32_t kOldestStateFormat = 1;

// There is one format.
[[gnu::weak]] void ToStateFormat(std::uint32_t, state::v1::MasterState&) {}
[[gnu::weak]] absl::Status FromStateFormat(state::v1::MasterState&) { return absl::OkStatus(); }

}  // namespace muster::master
