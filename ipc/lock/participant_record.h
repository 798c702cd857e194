#ifndef MUSTER_IPC_LOCK_PARTICIPANT_RECORD_H_
#define MUSTER_IPC_LOCK_PARTICIPANT_RECORD_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

enum class ParticipantState : std::uint32_t { kFree = 0, kLive = 1, kDead = 2 };

// A copy of a participant's line at one moment.
struct ParticipantRecord {
  ParticipantState state = ParticipantState::kFree;
  OwnerTag tag;
  pid_t pid = 0;                                      // 0: not known yet
  std::uint64_t start_time_ticks = 0;                 // field 22 of /proc/PID/stat; 0: not known
  std::uint64_t pid_namespace = 0;                    // in which `pid` is the number; 0: not known
  bool has_joined = false;                            // and holds its lock in the Liveness
  std::chrono::steady_clock::time_point heartbeat{};  // the clock's zero: never
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_PARTICIPANT_RECORD_H_
