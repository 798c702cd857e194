#include "muster/master/handoff_ends.h"

#include <sys/socket.h>

#include "absl/status/status.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::StatusOr<HandoffEnds> HandoffEnds::Create() {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair ends, ipc::Channel::CreatePair());
  return HandoffEnds(std::move(ends));
}

std::size_t HandoffEnds::CloseAll() const {
  std::size_t closed = 0;
  ipc::ReceivedMessage message;
  while (true) {
    const auto outcome = ends_.first.TryReceive(&message);
    // What is malformed, or has no room here, is dropped by the receipt.
    const bool is_dropped =
        absl::IsInvalidArgument(outcome.status()) || absl::IsResourceExhausted(outcome.status());
    if (!is_dropped && (!outcome.ok() || *outcome != ipc::ReceiveOutcome::kReceived)) break;
    ++closed;
    const linger off = {};
    for (const ipc::UniqueFd& fd : message.fds) {
      ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &off, sizeof(off));
    }
    message.fds.clear();
  }
  return closed;
}

}  // namespace muster::master
