#ifndef MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
#define MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_

namespace muster::ipc {

// What channels, pipes and queues ordinarily answer; anything else is an error.
enum class SendOutcome {
  kSent,        // whole
  kWouldBlock,  // nothing was sent: the receiver has no room now
  kPeerGone,    // nothing was sent: nobody will receive any more
};

enum class ReceiveOutcome {
  kReceived,    // one whole message or record
  kWouldBlock,  // nothing is here now
  kPeerGone,    // nothing is here, and nobody is there to send
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_TRANSFER_OUTCOME_H_
