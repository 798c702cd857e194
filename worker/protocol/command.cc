#include "muster/worker/protocol/command.h"

namespace muster::worker {

[[gnu::weak]] extern const std::uint32_t kProtocolVersion;
const std::uint32_t kProtocolVersion = 2;
[[gnu::weak]] extern const std::uint32_t kOldestProtocolVersion;
const std::uint32_t kOldestProtocolVersion = 1;

[[gnu::weak]] std::uint16_t NumberIn(std::uint32_t, Command command) {
  return static_cast<std::uint16_t>(command);
}

[[gnu::weak]] Command CommandIn(std::uint32_t, std::uint16_t number) {
  return static_cast<Command>(number);
}

absl::string_view CommandName(Command command) {
  switch (command) {
    case Command::kListeners:
      return "LISTENERS";
    case Command::kZones:
      return "ZONES";
    case Command::kHello:
      return "HELLO";
    case Command::kReady:
      return "READY";
    case Command::kFailed:
      return "FAILED";
    case Command::kAck:
      return "ACK";
    case Command::kDrain:
      return "DRAIN";
    case Command::kQuit:
      return "QUIT";
    case Command::kTerminate:
      return "TERMINATE";
    case Command::kReopen:
      return "REOPEN";
    case Command::kServe:
      return "SERVE";
    case Command::kAdopt:
      return "ADOPT";
  }
  return "unknown";
}

}  // namespace muster::worker
