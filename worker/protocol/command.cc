#include "muster/worker/protocol/command.h"

namespace muster::worker {

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
