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
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// The number that a message carries for `command`. `Command` is an enum of 16 bits.
template <typename Command>
constexpr std::uint16_t CommandNumber(Command command) {
  static_assert(std::is_same_v<std::underlying_type_t<Command>, std::uint16_t>);
  return static_cast<std::uint16_t>(command);
}

// A message to send. Payload and descriptors are borrowed during the call. The receiver gets
// duplicates of the descriptors; the originals remain the sender's.
struct Message {
  std::uint16_t command = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::int32_t slot = -1;
  std::int32_t pid = 0;
  absl::string_view payload = {};  // at most kMaxChannelPayloadBytes
  absl::Span<const int> fds = {};  // at most kMaxChannelFds
};

// A received message. Owns its descriptors. Reuse one object: its payload keeps its capacity.
struct ReceivedMessage {
  std::uint16_t command = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::int32_t slot = -1;
  std::int32_t pid = 0;  // the sender's claim; the kernel's value is sender.pid
  std::string payload;
  absl::InlinedVector<UniqueFd, kMaxChannelFds> fds;  // close-on-exec
  // The sender's credentials, which the kernel added when the message was sent. A process with
  // CAP_SYS_ADMIN or CAP_SETUID may send credentials of others. The pid is 0 if the sender is
  // outside our pid namespace.
  ucred sender = {};

  // The result may be none of the enumerators: the peer can be a newer version, or hostile.
  template <typename Command>
  Command command_as() const {
    static_assert(std::is_same_v<std::underlying_type_t<Command>, std::uint16_t>);
    return static_cast<Command>(command);
  }
};

// Owns one end of a connection between two processes that carries messages with descriptors: an
// AF_UNIX SOCK_SEQPACKET socket. Messages arrive in order, each whole or not at all. An end is gone
// when all of its copies are closed, as happens at the death of its owner. The other end then
// receives the messages that were sent before, and after them kPeerGone.
//
// Threads: the object keeps no state between calls; any number of calls may run at once. Fork: the
// child's copy is the same end. Each message goes to the process that reads first, and the peer
// gets kPeerGone only when both copies are closed. So one of the two must close its copy.
//
// A call allocates only if the received payload exceeds the capacity of ReceivedMessage::payload.
// Receiving uses 64 KiB of stack.
class Channel {
 public:
  struct Pair;
  // Both ends are close-on-exec. To give one to an exec'd child, let the spawner clear this flag
  // in the child only (posix_spawn_file_actions_adddup2).
  static absl::StatusOr<Pair> CreatePair();

  // Takes ownership of an inherited descriptor and makes it close-on-exec. InvalidArgument: it is
  // not a connected SOCK_SEQPACKET socket of AF_UNIX. On any error it is closed.
  static absl::StatusOr<Channel> Adopt(UniqueFd fd);

  // TrySend and TryReceive never block: kWouldBlock means that the peer's queue is full, or that no
  // message is waiting; kTryLater that the kernel refuses the message for now. Send and Receive
  // block until the message is sent, there is a message, or the peer is gone, and return
  // DeadlineExceeded if that has not happened by `deadline`. They try at least once. A message was
  // sent whole or not at all, whatever the result. InvalidArgument: a message to send exceeds the
  // limits, also that of the socket's buffer, or a received one is malformed. ResourceExhausted:
  // this process cannot open as many descriptors as a received message carries. The error names the
  // message, which has arrived in `message` without descriptors: the kernel has closed them, so ask
  // the sender for them again. A malformed message is lost. In both cases the next one can be
  // received.
  absl::StatusOr<SendOutcome> TrySend(const Message& message) const;
  absl::StatusOr<SendOutcome> Send(const Message& message,
                                   Deadline deadline = Deadline::Never()) const;
  absl::StatusOr<ReceiveOutcome> TryReceive(ReceivedMessage* message) const;
  absl::StatusOr<ReceiveOutcome> Receive(ReceivedMessage* message,
                                         Deadline deadline = Deadline::Never()) const;
  // As TryReceive, but while this process has no room for the next message's descriptors that
  // message stays where it is: ResourceExhausted, and the end stays readable. One more system call.
  // Only for an end of which nobody else receives at the same time, in this or another process.
  absl::StatusOr<ReceiveOutcome> TryReceiveIfRoom(ReceivedMessage* message) const;

  // For an end that expects no descriptors from a peer that it does not trust: refuses them if the
  // kernel can (descriptor_refusal.h). False: ask NextHasDescriptors before each receipt.
  bool RefuseDescriptors() const;
  // Whether the next message carries descriptors; false if none waits. Receives nothing. Receiving
  // such a message, and closing an end in which it waits, may block: a peer can send a socket whose
  // last close waits for its unsent data (SO_LINGER), and descriptors for which this process has no
  // room are closed within the receipt.
  absl::StatusOr<bool> NextHasDescriptors() const;

  // For poll and epoll, for reading and writing, and to pass to another process.
  int fd() const { return fd_.get(); }
  // Transfers ownership of the descriptor; the channel is empty afterwards.
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
