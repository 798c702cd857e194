#ifndef MUSTER_IPC_LOCK_REGISTRY_H_
#define MUSTER_IPC_LOCK_REGISTRY_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/participant_record.h"

namespace muster::ipc {

namespace internal {
struct ParticipantLine;
struct RegistryHeader;
}  // namespace internal

// The participants of a zone of shared memory, one line per slot. A view of memory, which must
// outlive it. Copies are equal to the original. Thread-safe. It works in a child after fork too,
// but the child is another participant: it uses the tag that its parent reserved for it.
//
// With a parent:     Reserve → start the child → SetProcess (or the child calls Join);
//                    its pidfd is readable → MarkDead → recover every lock → Free.
// Without a parent:  Create and Attach with a Liveness of the segment; each process calls Claim,
//                    and Leave at its end. Whoever finds a participant dead marks it dead.
// Both at once:      some are reserved and Join, others Claim.
//
// A participant is dead when the kernel says so. With a Liveness it is asked for the participant's
// lock; where there is none, and until a reserved one has joined, for the process (its pid and
// start time, or those of the process that reserved it). So a waiter finds a death even if the
// parent is dead, too. From another pid namespace a process cannot be asked for. With a Liveness
// all are found there, too, but a child that died between SetProcess and Join.
//
// The registry knows no locks: recovering what a dead participant held is the caller's
// (ipc/lock/recover_all.h), or that of the zone in which the registry is. docs/CRASH_SAFETY.md has
// the reasons.
class Registry {
 public:
  // Releases everything that `dead` held, before its slot may be given to another. It may be called
  // again for the same tag, and by several processes at once. False: not everything could be
  // released, so the slot stays dead.
  using Recover = absl::FunctionRef<bool(OwnerTag dead)>;

  static std::size_t BytesFor(std::uint32_t capacity);
  // Builds a registry with all slots free in `memory`, which must be 128-byte aligned and `bytes`
  // long. `capacity`: 1 to OwnerTag::kMaxSlots. Attach succeeds once this has returned. `liveness`,
  // if any, is bound to the segment and must outlive this. `generation_bits`: 1 to 18; a slot's
  // tags repeat after as many generations, so less than the default is for tests.
  static absl::StatusOr<Registry> Create(void* memory, std::size_t bytes, std::uint32_t capacity,
                                         const Liveness* liveness = nullptr,
                                         int generation_bits = OwnerTag::kGenerationBits);
  // Fails if the memory does not hold a registry of this layout that fits `bytes`, if it was
  // created with a Liveness and there is none here, and if `liveness` is that of another segment.
  static absl::StatusOr<Registry> Attach(void* memory, std::size_t bytes,
                                         const Liveness* liveness = nullptr);

  std::uint32_t capacity() const { return capacity_; }

  // Starts a new generation of a free slot. Locks may hold the tag from now on. FailedPrecondition:
  // the slot is not free. Here and in Claim and Join the kernel's error, if it refuses the slot's
  // lock for another reason than that somebody has it.
  absl::StatusOr<OwnerTag> Reserve(std::uint32_t slot) const;
  // The same for any free slot. ResourceExhausted: there is none.
  absl::StatusOr<OwnerTag> ReserveAny() const;
  // Records which process the participant is. 0: not known. Without effect on an earlier
  // generation, and with a Liveness on who has joined: it has told that itself; and where the
  // kernel refuses the slot's lock.
  void SetProcess(OwnerTag tag, pid_t pid) const;
  // SetProcess for the caller, and its lock in the Liveness. FailedPrecondition: this tag is not
  // reserved, or another process has joined with it. Both wait, for up to a second, for another
  // process that looks at the slot. Unavailable: it was stopped while it did.
  absl::Status Join(OwnerTag tag) const;
  // Takes back a reservation of this process's whose child was not started: the tag is dead, and
  // nobody joins with it. False: it is no such tag, its process is known, or it has joined.
  bool Withdraw(OwnerTag tag) const;
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

  // Takes a slot that no live process holds, the one after the last that was taken. If its last
  // holder is dead, `recover` comes first. FailedPrecondition: there is no Liveness.
  // ResourceExhausted: all slots are held; the message says how many there are.
  absl::StatusOr<OwnerTag> Claim(Recover recover) const;
  // Ends the caller's participation: `recover` releases what it holds, and the slot is free.
  void Leave(OwnerTag tag, Recover recover) const;

  // False for the tags of dead participants and of earlier generations, and for garbage. What the
  // kernel says is believed for half a recheck_interval(); then it is a system call or two. Who is
  // found dead is marked so, except with a Liveness for reading only.
  bool IsLive(OwnerTag tag) const;
  // Asks the kernel now.
  bool IsLiveNow(OwnerTag tag) const;
  // Empty: the slot does not exist.
  std::optional<ParticipantRecord> Read(std::uint32_t slot) const;
  // Called by the participant itself only. worker/runtime/heartbeat.h says what muster does with
  // it.
  void PublishHeartbeat(OwnerTag tag, std::chrono::steady_clock::time_point now) const;

  // How long a sleeper waits before it looks whether the owner still lives. With a parent, whose
  // recovery wakes all sleepers, one second. With a Liveness, 100 ms.
  absl::Duration recheck_interval() const;

 private:
  Registry(internal::RegistryHeader* header, internal::ParticipantLine* lines,
           std::uint32_t capacity, int generation_bits, const Liveness* liveness)
      : header_(header),
        lines_(lines),
        capacity_(capacity),
        generation_mask_((1u << generation_bits) - 1),
        liveness_(liveness) {}

  // Null: this registry has no such slot.
  internal::ParticipantLine* LineOf(OwnerTag tag) const;
  std::uint32_t NextGeneration(std::uint32_t identity) const;
  std::uint32_t NextSlot() const;
  // The slot's lock while `tag` is reserved. False: it is not any more, has been joined, or another
  // process had the lock all the time.
  absl::StatusOr<bool> HoldReserved(OwnerTag tag) const;
  // With a Liveness: by who has the slot's lock.
  void StoreProcess(OwnerTag tag, pid_t pid) const;
  absl::StatusOr<OwnerTag> ReserveHeld(std::uint32_t slot) const;
  bool IsAlive(const internal::ParticipantLine& line, std::uint32_t identity) const;
  bool IsUnjoinedGone(const internal::ParticipantLine& line, std::uint32_t identity) const;
  std::optional<OwnerTag> ClaimHeld(std::uint32_t slot, Recover recover) const;

  internal::RegistryHeader* header_;
  internal::ParticipantLine* lines_;
  // Copies. Those in shared memory are read once, when they are checked.
  std::uint32_t capacity_;
  std::uint32_t generation_mask_;
  const Liveness* liveness_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_REGISTRY_H_
