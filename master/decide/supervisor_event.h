#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"

namespace muster::master {

// Whoever asked for something and waits for the outcome. Zero: nobody waits (a signal).
using RequestId = std::uint64_t;

// What the core needs to know of a configuration.
struct Settings {
  std::uint32_t workers = 1;  // at least one
  Duration ready_timeout{};
  std::string ready_timeout_place{};  // "muster.textproto:3:16: ready_timeout", as messages name it
  Duration shutdown_timeout{};
  std::uint32_t max_generations = 4;
  std::uint32_t crash_loop_limit = 10;
  // Whether workers may be added and taken away; not with a socket for each of them.
  bool can_scale = true;
};

// What happens to a supervisor. Handle takes them one at a time, in the order in which they
// happened.

// Once, first: begin with the first generation.
struct StartEvent {
  Settings settings{};
};

// The outcomes of actions.
struct SpawnedEvent {
  std::uint32_t slot = 0;
  pid_t pid = 0;
};
struct SpawnFailedEvent {
  std::uint32_t slot = 0;
  std::string reason{};
};
struct LoadedEvent {
  Settings settings{};
};
struct LoadRefusedEvent {
  absl::Status reason{};
};

// From the worker in the slot.
struct ReadyEvent {
  std::uint32_t slot = 0;
};
struct FailedEvent {
  std::uint32_t slot = 0;
  absl::Status reason{};  // may have a field (config::AtField)
};
struct AckedEvent {
  std::uint32_t slot = 0;
  std::uint32_t token = 0;  // of the SendAction
  std::string error{};      // empty: done
};
// Everything that the process held is recovered.
struct ExitedEvent {
  std::uint32_t slot = 0;
  ipc::ProcessExit exit{};
};

// next_deadline() has come.
struct TickEvent {};

// From the operator.
struct ReloadEvent {
  RequestId request = 0;
};
struct ReopenEvent {
  RequestId request = 0;
  absl::Status own_log{};  // how it went with the master's own
};
struct QuitEvent {
  RequestId request = 0;
};
struct StopEvent {
  RequestId request = 0;
};
// Stop serving, but keep the master and its listeners.
struct PauseEvent {};
struct ScaleEvent {
  int by = 0;  // +1 or -1
};

using Event =
    std::variant<StartEvent, SpawnedEvent, SpawnFailedEvent, LoadedEvent, LoadRefusedEvent,
                 ReadyEvent, FailedEvent, AckedEvent, ExitedEvent, TickEvent, ReloadEvent,
                 ReopenEvent, QuitEvent, StopEvent, PauseEvent, ScaleEvent>;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_
