#ifndef MUSTER_IPC_LOCK_INTERNAL_PARTICIPANT_LINE_H_
#define MUSTER_IPC_LOCK_INTERNAL_PARTICIPANT_LINE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/process_identity.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/participant_record.h"

namespace muster::ipc::internal {

// A slot of a registry, in shared memory. State and generation are one word, so that each step of a
// participant's life is one compare-and-set: whoever makes it may die before or after, never
// within.
struct alignas(kCacheLineBytes) ParticipantLine {
  // 31..30 ParticipantState, 29 has joined, 17..0 generation. Written by the parent; without one
  // by who holds the slot's lock in the Liveness, and by any who finds its holder dead.
  std::atomic<std::uint32_t> identity;
  // Which process, by the parent or the participant. Only what has the generation's mark is told.
  std::atomic<std::int32_t> pid;
  std::atomic<std::uint64_t> start_time_ticks;
  std::atomic<std::int64_t> heartbeat_ns;  // by the participant
  std::atomic<std::uint64_t> pid_namespace;
  std::atomic<std::uint32_t> process_mark;  // the generation plus 1; stored after the process
  // The process that reserved the slot, by itself: until the participant has joined it stands for
  // it. `reserver_mark` is as `process_mark`.
  std::atomic<std::uint32_t> reserver_mark;
  std::atomic<std::uint64_t> reserver_start_time_ticks;
  std::atomic<std::uint64_t> reserver_pid_namespace;
  std::atomic<std::int32_t> reserver_pid;

  // From one state to another, whether it has joined or not; who joined is forgotten. False: the
  // line is not that of `tag` in state `from`. Nothing was changed.
  bool Change(OwnerTag tag, ParticipantState from, ParticipantState to);
  // From live and reserved to dead. False: as in Change, or it has joined.
  bool WithdrawReserved(OwnerTag tag);

  // Nobody's (pid 0): none is told of this generation.
  ProcessIdentity ProcessOf(std::uint32_t generation) const;
  ProcessIdentity ReserverOf(std::uint32_t generation) const;
  // Sets the heartbeat back if another generation's process was told before.
  void TellProcess(std::uint32_t generation, const ProcessIdentity& process);
  void TellReserver(std::uint32_t generation, const ProcessIdentity& reserver);
  void ForgetProcess() { process_mark.store(0, std::memory_order_relaxed); }
  void ForgetReserver() { reserver_mark.store(0, std::memory_order_relaxed); }

  // `slot`: that of this line.
  ParticipantRecord Record(std::uint32_t slot) const;
};
static_assert(sizeof(ParticipantLine) == 128 && std::is_standard_layout_v<ParticipantLine>);
static_assert(offsetof(ParticipantLine, pid) == 4);
static_assert(offsetof(ParticipantLine, start_time_ticks) == 8);
static_assert(offsetof(ParticipantLine, heartbeat_ns) == 16);
static_assert(offsetof(ParticipantLine, pid_namespace) == 24);
static_assert(offsetof(ParticipantLine, process_mark) == 32);
static_assert(offsetof(ParticipantLine, reserver_mark) == 36);
static_assert(offsetof(ParticipantLine, reserver_pid) == 56);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// What is in an `identity`.
inline constexpr std::uint32_t kJoined = 1u << 29;
inline constexpr int kStateShift = 30;

constexpr std::uint32_t IdentityWord(ParticipantState state, std::uint32_t generation) {
  return static_cast<std::uint32_t>(state) << kStateShift | generation;
}
constexpr ParticipantState StateIn(std::uint32_t identity) {
  return static_cast<ParticipantState>(identity >> kStateShift);
}
constexpr std::uint32_t GenerationIn(std::uint32_t identity) {
  return identity & OwnerTag::kGenerationMask;
}
constexpr bool IsLiveIdentity(std::uint32_t identity, OwnerTag tag) {
  return (identity & ~kJoined) == IdentityWord(ParticipantState::kLive, tag.generation());
}
constexpr std::uint32_t ReservedIdentity(OwnerTag tag) {
  return IdentityWord(ParticipantState::kLive, tag.generation());
}
constexpr bool IsReservedIdentity(std::uint32_t identity) {
  return StateIn(identity) == ParticipantState::kLive && !(identity & kJoined);
}

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_PARTICIPANT_LINE_H_
