#ifndef MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
#define MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_

#include <cerrno>

namespace muster::ipc {

// The ordinary results of channels, pipes and queues. All other results are errors.
enum class SendOutcome {
  kSent,        // the whole message or record was sent
  kWouldBlock,  // nothing was sent: there is no room now; poll tells when there is
  kPeerGone,    // nothing was sent: no receiver is left
  // Nothing was sent, though there is room: the kernel has no memory for it now (ENOBUFS, ENOMEM),
  // or too many descriptors of this user are on their way in messages that nobody has received yet
  // (ETOOMANYREFS). Try again by a timer: the end is writable all the time, so poll and epoll do
  // not tell when it helps.
  kTryLater,
};

// What the calls that send make of `error`: whether it is kTryLater.
constexpr bool IsForLater(int error) {
  return error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM;
}

enum class ReceiveOutcome {
  kReceived,    // one whole message or record
  kWouldBlock,  // no message or record is waiting now
  kPeerGone,    // none is waiting, and no sender is left
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
