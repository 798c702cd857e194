#ifndef MUSTER_WORKER_PROTOCOL_COMMAND_H_
#define MUSTER_WORKER_PROTOCOL_COMMAND_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace muster::worker {

// Of the messages below and of proto/worker.proto.
inline constexpr std::uint32_t kProtocolVersion = 1;

// The channel on which a worker finds its master: it is passed under this number.
inline constexpr int kChannelFd = 3;

// With this argument a worker program writes its v1::Description to standard output, and exits.
inline constexpr char kDescribeFlag[] = "--describe";

// What a message on the channel between master and worker asks or tells. The values are
// the wire's: never reuse one. docs/PROTOCOL.md.
enum class Command : std::uint16_t {
  // Master to worker, HELLO once and last. Payloads: v1::Listeners, v1::Zones, v1::Hello.
  kListeners = 1,
  kZones = 6,
  kHello = 2,
  // Worker to master, one of them once. Payloads: v1::Ready, v1::Failed.
  kReady = 3,
  kFailed = 4,
  // The answer to a message, by its sequence number. Payload: v1::Ack.
  kAck = 5,

  // Master to worker.
  // Others serve: accept no more, finish what is in flight, hand connections off, exit.
  kDrain = 16,
  // Nobody serves any more: the same, but idle connections are closed at once.
  kQuit = 17,
  // Exit at once.
  kTerminate = 18,
  // Open the log files again. Acknowledged.
  kReopen = 19,

  // Worker to worker, through the handoff queue: take this connection. Payload: what its
  // service needs to go on.
  kAdopt = 32,
};

// A message's flag: answer with an ACK when it was carried out. REOPEN needs none: it is
// always answered, as is what could not be carried out.
inline constexpr std::uint16_t kWantsAck = 1;

// "DRAIN"; "unknown" for a value that this version does not know.
absl::string_view CommandName(Command command);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_COMMAND_H_
