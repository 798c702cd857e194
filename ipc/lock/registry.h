#ifndef MUSTER_IPC_LOCK_REGISTRY_H_
#define MUSTER_IPC_LOCK_REGISTRY_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/lock/liveness_file.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

struct ParticipantLine;

enum class ParticipantState : std::uint32_t { kFree = 0, kLive = 1, kDead = 2 };

// A copy of a participant's line at one moment.
struct ParticipantRecord {
  ParticipantState state = ParticipantState::kFree;
  OwnerTag tag;
  pid_t pid = 0;                                      // 0: not known yet
  std::uint64_t start_time_ticks = 0;                 // field 22 of /proc/PID/stat; 0: not known
  std::chrono::steady_clock::time_point heartbeat{};  // the clock's zero: never
};

// The participants of a zone of shared memory, one line per slot. A view of memory, which must
// outlive it. Copies are equal to the original. Thread-safe. It works in a child after fork too,
// but the child is another participant: it uses the tag that its parent reserved for it.
//
// A participant is one thread of execution. Locks know their owners by tag, so threads that compete
// for one lock need a slot each.
//
// With a parent:     Reserve → start the child → SetProcess (or the child calls Join);
//                    its pidfd is readable → MarkDead → recover every lock → Free.
// Without a parent:  Attach with a LivenessFile; each process calls Claim, and Leave at its end.
//                    A process that finds a participant dead marks it dead.
//
// The registry knows no locks. Recovering "every lock" between MarkDead and Free is the caller's:
// ipc/lock/recover_all.h does it for an array of locks, and worker/zone/slot_recovery.h is the
// whole way of a death as muster's master goes it. docs/CRASH_SAFETY.md has the reasons.
class Registry {
 public:
  static std::size_t BytesFor(std::uint32_t capacity);
  // Builds a registry with all slots free in `memory`, which must be 128-byte aligned and `bytes`
  // long. `capacity`: 1 to OwnerTag::kMaxSlots. Attach succeeds once this has returned.
  static absl::StatusOr<Registry> Create(void* memory, std::size_t bytes, std::uint32_t capacity,
                                         const LivenessFile* liveness = nullptr);
  // Fails if the memory does not hold a registry of this layout that fits `bytes`. `liveness`, if
  // any, must outlive this and be the same file in every process.
  static absl::StatusOr<Registry> Attach(void* memory, std::size_t bytes,
                                         const LivenessFile* liveness = nullptr);

  std::uint32_t capacity() const { return capacity_; }

  // Starts a new generation of a free slot. Locks may hold the tag from now on. FailedPrecondition:
  // the slot is not free.
  absl::StatusOr<OwnerTag> Reserve(std::uint32_t slot) const;
  // Records which process the participant is, for people and for a later parent. 0: not known.
  void SetProcess(OwnerTag tag, pid_t pid) const;
  // SetProcess for the caller. FailedPrecondition: this tag is not reserved.
  absl::Status Join(OwnerTag tag) const;
  // Call it only when the process is gone (its pidfd is readable). That SIGKILL was sent is not
  // enough: until its end the process may still write. False: it was not alive.
  bool MarkDead(OwnerTag tag) const;
  // Call it only when everything that the dead process held is recovered. False: it was not dead.
  bool Free(OwnerTag tag) const;

  // For a parent that keeps the participants' states itself and does not trust the memory: stores
  // the state and the generation, whatever the line says. Without effect where it says so already,
  // and on a slot that does not exist.
  void Store(OwnerTag tag, ParticipantState state) const;
  // The same for what Create stored in front of the lines, without which nobody can attach.
  void StoreHeader() const;

  // Takes a slot that no live process holds. ResourceExhausted: all slots are held.
  absl::StatusOr<OwnerTag> Claim() const;
  void Leave(OwnerTag tag) const;

  // False for the tags of dead participants and of earlier generations, and for garbage. With a
  // LivenessFile it makes a system call.
  bool IsLive(OwnerTag tag) const;
  // Empty: the slot does not exist.
  std::optional<ParticipantRecord> Read(std::uint32_t slot) const;
  // Called by the participant itself only. worker/runtime/heartbeat.h says what muster does with
  // it.
  void PublishHeartbeat(OwnerTag tag, std::chrono::steady_clock::time_point now) const;

  // How long a sleeper waits before it looks whether the owner still lives. With a parent, whose
  // recovery wakes all sleepers, one second: it only heals damaged words then. Without, 100 ms.
  absl::Duration recheck_interval() const;

 private:
  Registry(ParticipantLine* lines, std::uint32_t capacity, const LivenessFile* liveness)
      : lines_(lines), capacity_(capacity), liveness_(liveness) {}

  // Null: this registry has no such slot.
  ParticipantLine* LineOf(OwnerTag tag) const;
  bool Change(OwnerTag tag, ParticipantState from, ParticipantState to) const;

  ParticipantLine* lines_;
  // A copy. The one in shared memory is read once, when it is checked.
  std::uint32_t capacity_;
  const LivenessFile* liveness_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_REGISTRY_H_
