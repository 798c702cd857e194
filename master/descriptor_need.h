#ifndef MUSTER_MASTER_DESCRIPTOR_NEED_H_
#define MUSTER_MASTER_DESCRIPTOR_NEED_H_

#include <cstdint>

#include "muster/proto/config.pb.h"

namespace muster::master {

// How many descriptors the master itself may have at once with `config`, its defaults filled in,
// while a reload has the old and the new workers side by side.
std::uint64_t DescriptorsNeeded(const config::v1::Config& config);

// How many the master asks for at least, so that a reload may ask for more workers. What it may not
// have it does without.
inline constexpr std::uint64_t kDescriptorsAskedFor = 1 << 16;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DESCRIPTOR_NEED_H_
