#ifndef MUSTER_IPC_CHANNEL_CHANNEL_H_
#define MUSTER_IPC_CHANNEL_CHANNEL_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// The number of a command on the wire. `Command` is an enum of 16 bits.
template <typename Command>
constexpr std::uint16_t CommandNumber(Command command) {
  static_assert(std::is_same_v<std::underlying_type_t<Command>, std::uint16_t>);
  return static_cast<std::uint16_t>(command);
}

// A message to send. Payload and descriptors are borrowed for the call; the
// receiver gets duplicates of the descriptors.
struct Message {
  std::uint16_t command = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::int32_t slot = -1;
  std::int32_t pid = 0;
  absl::string_view payload = {};  // at most kMaxChannelPayloadBytes
  absl::Span<const int> fds = {};  // at most kMaxChannelFds
};

// A message that was received. Reuse one: its payload keeps its capacity.
struct ReceivedMessage {
  std::uint16_t command = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::int32_t slot = -1;
  std::int32_t pid = 0;  // what the sender says; sender.pid is true
  std::string payload;
  absl::InlinedVector<UniqueFd, kMaxChannelFds> fds;  // close-on-exec
  // Filled in by the kernel when the message was sent. A process with
  // CAP_SYS_ADMIN or CAP_SETUID may claim others; pid is 0 for a sender
  // outside our pid namespace.
  ucred sender = {};

  // May be none of the enumerators: the peer can be newer, or hostile.
  template <typename Command>
  Command command_as() const {
    static_assert(std::is_same_v<std::underlying_type_t<Command>, std::uint16_t>);
    return static_cast<Command>(command);
  }
};

// One end of a connection that carries whole messages with descriptors between two
// processes (an AF_UNIX SOCK_SEQPACKET socket). A message arrives whole and in order,
// or not at all. When every copy of an end is closed, as the death of its owner
// does, the other end reads what was sent and then kPeerGone.
//
// Threads: calls keep no state here; any number may run at once. Fork: the child's
// copy is the same end, messages go to whichever process reads first, and
// the peer sees no end before both are closed; so one of the two must close it.
//
// No call allocates, if the payload to receive fits ReceivedMessage::payload.
// Receiving uses 64 KiB of stack.
class Channel {
 public:
  struct Pair;
  // Both ends are close-on-exec. To give one to an exec'd child, let the spawner clear
  // that flag in the child only (posix_spawn_file_actions_adddup2).
  static absl::StatusOr<Pair> CreatePair();

  // Takes over an inherited descriptor and makes it close-on-exec. InvalidArgument: it
  // is not a connected SOCK_SEQPACKET socket of AF_UNIX; it is closed then.
  static absl::StatusOr<Channel> Adopt(UniqueFd fd);

  // Try...: never blocks; kWouldBlock when the peer's queue is full, or nothing is here.
  // The others block until there is room, or a message. Errors: InvalidArgument for a
  // message over the limits (on receipt, for a malformed one, which is gone then; the
  // next can be received), ResourceExhausted when this process has no room for
  // the descriptors that came. Descriptors of a refused message are closed.
  absl::StatusOr<SendOutcome> TrySend(const Message& message) const;
  absl::StatusOr<SendOutcome> Send(const Message& message) const;
  absl::StatusOr<ReceiveOutcome> TryReceive(ReceivedMessage* message) const;
  absl::StatusOr<ReceiveOutcome> Receive(ReceivedMessage* message) const;

  // To poll for reading and writing, and to pass on.
  int fd() const { return fd_.get(); }
  // Gives the descriptor up; the channel is empty then.
  [[nodiscard]] UniqueFd Release() && { return std::move(fd_); }

 private:
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  absl::StatusOr<SendOutcome> SendWith(const Message& message, int flags) const;
  absl::StatusOr<ReceiveOutcome> ReceiveWith(ReceivedMessage* message, int flags) const;

  UniqueFd fd_;
};

struct Channel::Pair {
  Channel first;
  Channel second;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_CHANNEL_H_
