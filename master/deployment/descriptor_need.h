#ifndef MUSTER_MASTER_DEPLOYMENT_DESCRIPTOR_NEED_H_
#define MUSTER_MASTER_DEPLOYMENT_DESCRIPTOR_NEED_H_

#include <cstdint>

#include "absl/status/status.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// How many descriptors the master itself may have at once with `config`, its defaults filled in,
// while a reload has the old and the new workers side by side.
std::uint64_t DescriptorsNeeded(const config::v1::Config& config);

// Refuses a configuration for whose workers this process cannot open the descriptors now, beside
// those that are open, with the numbers: before any of the workers is started. The listeners and
// zones of `config` are open by then. ResourceExhausted: the limit is too low.
absl::Status CheckDescriptorsFor(const config::v1::Config& config);

// How many the master asks for at least, so that a reload may ask for more workers. What it may not
// have it does without.
inline constexpr std::uint64_t kDescriptorsAskedFor = 1 << 16;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DESCRIPTOR_NEED_H_
