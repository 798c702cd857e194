#ifndef MUSTER_IPC_CHANNEL_TRANSFER_H_
#define MUSTER_IPC_CHANNEL_TRANSFER_H_

#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/naps.h"
#include "muster/ipc/base/readiness.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// What Send and Receive of all channels, pipes and queues have in common.

inline constexpr int kNoDescriptor = -1;

// Calls `attempt`, which is to send or to receive, until it has an outcome that does not mean
// "later", or until `deadline`, but at least once. Between the attempts it waits until `fd` is
// ready for `event`, and naps where no descriptor tells. DeadlineExceeded: "<call> <fd>: ...".
template <typename Attempt>
auto Transfer(absl::string_view call, int fd, short event, Deadline deadline, Attempt attempt)
    -> decltype(attempt()) {
  Naps naps;
  for (bool is_last = deadline.has_passed();;) {
    auto outcome = attempt();
    if (!outcome.ok()) return outcome;
    bool has_notice = fd != kNoDescriptor;
    using Outcome = std::decay_t<decltype(*outcome)>;
    if constexpr (std::is_same_v<Outcome, SendOutcome>) {
      if (*outcome == SendOutcome::kTryLater) {
        has_notice = false;
      } else if (*outcome != SendOutcome::kWouldBlock) {
        return outcome;
      }
    } else if (*outcome != Outcome::kWouldBlock) {
      return outcome;
    }
    if (is_last)
      return absl::DeadlineExceededError(absl::StrCat(call, ": the deadline has passed"));
    if (has_notice) {
      MUSTER_ASSIGN_OR_RETURN(const bool is_ready, AwaitReadiness(fd, event, deadline));
      // One more attempt: there may be room for one message before poll tells of it.
      is_last = !is_ready;
    } else {
      naps.Take(deadline);
      is_last = deadline.has_passed();
    }
  }
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_TRANSFER_H_
