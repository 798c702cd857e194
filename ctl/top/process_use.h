#ifndef MUSTER_CTL_TOP_PROCESS_USE_H_
#define MUSTER_CTL_TOP_PROCESS_USE_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// What the process of a worker uses, as the master has told it.
struct ProcessUse {
  std::optional<absl::Duration> cpu;  // since its start; none: the master does not tell
  std::uint64_t memory_bytes = 0;     // 0: the same
};

inline ProcessUse ProcessUseOf(const admin::v1::Worker& worker) {
  (void)worker;
  return {};
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_PROCESS_USE_H_
