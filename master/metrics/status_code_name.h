#ifndef MUSTER_MASTER_METRICS_STATUS_CODE_NAME_H_
#define MUSTER_MASTER_METRICS_STATUS_CODE_NAME_H_

#include <string>

#include "absl/status/status.h"

namespace muster::master {

// Abseil's codes are gRPC's.
inline constexpr int kPermissionDenied = static_cast<int>(absl::StatusCode::kPermissionDenied);

// "OK", "ABORTED"; a code that there is not is "UNKNOWN".
inline std::string StatusCodeName(int code) {
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? "UNKNOWN" : name;
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_STATUS_CODE_NAME_H_
