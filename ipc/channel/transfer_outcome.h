#ifndef MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
#define MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_

namespace muster::ipc {

// The ordinary results of channels, pipes and queues. All other results are errors.
enum class SendOutcome {
  kSent,        // the whole message or record was sent
  kWouldBlock,  // nothing was sent: there is no room now
  kPeerGone,    // nothing was sent: no receiver is left
  // Nothing was sent: too many descriptors of this user are on their way in messages that nobody
  // has received yet. Try again by a timer: the socket does not tell when it helps, and is
  // writable.
  kTooManyInFlight,
};

enum class ReceiveOutcome {
  kReceived,    // one whole message or record
  kWouldBlock,  // no message or record is waiting now
  kPeerGone,    // none is waiting, and no sender is left
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
