#ifndef MUSTER_MASTER_ASIDE_CALL_IN_TIME_H_
#define MUSTER_MASTER_ASIDE_CALL_IN_TIME_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/utility/utility.h"

namespace muster::master {

// Performs `task` in a SideThread and waits until it has ended. DeadlineExceeded: it has not after
// `timeout`; the message says what it hangs in. Cancelled: SIGTERM, SIGINT or SIGQUIT came, which
// the caller blocks; it is still pending. After an error the task may still run, with the thread
// left behind. So it owns all that it uses, and should end when its `stop_fd` becomes readable.
absl::Status PerformInTime(absl::AnyInvocable<void(int stop_fd)> task, absl::Duration timeout);

// The same for a task with a result.
template <typename T>
absl::StatusOr<T> CallInTime(absl::AnyInvocable<T(int stop_fd)> call, absl::Duration timeout) {
  auto result = std::make_shared<std::optional<T>>();
  const absl::Status status = PerformInTime(
      [call = std::move(call), result](int stop_fd) mutable { result->emplace(call(stop_fd)); },
      timeout);
  if (!status.ok()) return status;
  return absl::StatusOr<T>(absl::in_place, *std::move(*result));
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_ASIDE_CALL_IN_TIME_H_
