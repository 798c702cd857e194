#ifndef MUSTER_WORKER_PROTOCOL_COMMAND_H_
#define MUSTER_WORKER_PROTOCOL_COMMAND_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace muster::worker {

// The versions of the messages below and of proto/worker.proto that this program reads and writes:
// the present one and the one before it. HELLO tells the master's, READY the one that the worker
// speaks from then on. docs/PROTOCOL.md has what differs. Definitions that are linked beside these
// take their place, and that of the functions below (//tests/next).
extern const std::uint32_t kProtocolVersion;
extern const std::uint32_t kOldestProtocolVersion;
// The first with SERVE. An older worker accepts connections as soon as it is ready.
inline constexpr std::uint32_t kServeVersion = 2;

// The descriptor in which a worker program finds the channel to its master.
inline constexpr int kChannelFd = 3;

// The descriptor of the worker program's own file, by which it was started: it only names the file
// (O_PATH). The runtime closes it.
inline constexpr int kProgramFd = 4;

// From here on the descriptors of its logs that the master has opened for it; HELLO says which they
// are. A launcher has others before them.
inline constexpr int kFirstLogFd = 7;
inline constexpr int kMostLogs = 16;

// With this argument a worker program writes its v1::Description to standard output and exits.
inline constexpr char kDescribeFlag[] = "--describe";

// The kind of a message on the channel between master and worker. The values are part of the
// protocol: never reuse one. docs/PROTOCOL.md describes what each does. For DRAIN and QUIT, the
// worker's side is worker/runtime/drain.h.
enum class Command : std::uint16_t {
  // Master to worker, at the start. HELLO comes once and last. Payloads: v1::Listeners, v1::Zones,
  // v1::Hello.
  kListeners = 1,
  kZones = 6,
  kHello = 2,
  // Worker to master, as the answer to HELLO: one of the two, once. READY: it could serve.
  // Payloads: v1::Ready, v1::Failed.
  kReady = 3,
  kFailed = 4,
  // The answer to a message, with that message's sequence number. Payload: v1::Ack.
  kAck = 5,

  // Master to worker.
  // Other workers serve on: accept no more, finish what is in flight, hand connections off, exit.
  kDrain = 16,
  // Nobody serves any more: the same, but idle connections are closed at once.
  kQuit = 17,
  // Exit at once.
  kTerminate = 18,
  // Open the log files again, or go on with those of this message. Acknowledged. Payload: v1::Logs.
  kReopen = 19,
  // The worker's generation serves: accept connections, and take them from the handoff queue. Once,
  // after READY.
  kServe = 20,

  // Worker to worker, through the handoff queue (worker/runtime/handoff/handoff_queue.h): take this
  // connection. Payload: the state from which its service goes on.
  kAdopt = 32,
};

// The number of a command to a worker that has said READY, in this version of the protocol, and the
// command of a number. In all versions until now it is the value of the command.
std::uint16_t NumberIn(std::uint32_t protocol, Command command);
Command CommandIn(std::uint32_t protocol, std::uint16_t number);

// A flag of a message: answer with an ACK when it was carried out. Without the flag, only REOPEN
// and messages that could not be carried out are answered.
inline constexpr std::uint16_t kWantsAck = 1;

// A flag of ADOPT: the connection was just accepted, and no service has seen it. Its state is
// empty.
inline constexpr std::uint16_t kIsFresh = 2;

// A flag of ADOPT: the state is not in the message, but in a second descriptor, which is sealed
// memory. Only for workers that show that they take it (worker/zone/worker_status.h).
inline constexpr std::uint16_t kStateInMemory = 4;

// Returns "DRAIN" for kDrain, and "unknown" for a value that this version does not know.
absl::string_view CommandName(Command command);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_COMMAND_H_
