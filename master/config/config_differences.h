#ifndef MUSTER_MASTER_CONFIG_CONFIG_DIFFERENCES_H_
#define MUSTER_MASTER_CONFIG_CONFIG_DIFFERENCES_H_

#include <cstddef>
#include <vector>

#include "muster/master/config/config_entries.h"
#include "muster/proto/config_call.pb.h"

namespace muster::master {

inline constexpr std::size_t kMostDifferences = 1000;
inline constexpr std::size_t kMostValueBytes = 4096;
// Of all together. Clients of gRPC take 4 MiB by default.
inline constexpr std::size_t kMostDifferenceBytes = 1 << 20;

// Sets what differs between two configurations in `check`, for people and programs: without
// secrets, long values cut off, those beyond the bounds counted.
void SetDifferences(const std::vector<ConfigEntry>& before, const std::vector<ConfigEntry>& after,
                    admin::v1::ConfigCheck* check);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_DIFFERENCES_H_
