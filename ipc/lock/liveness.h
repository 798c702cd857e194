#ifndef MUSTER_IPC_LOCK_LIVENESS_H_
#define MUSTER_IPC_LOCK_LIVENESS_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

namespace internal {
struct LivenessOpening;
}

// Who lives, as the kernel knows it: each participant of a segment of shared memory holds a lock on
// one byte of the segment's file, that of its slot; and who has reserved a slot for another, on
// that of the reservation. The kernel releases it after the last instruction of the process,
// however it ends, and when it calls exec.
//
// The lock is that of an open file description which nobody else has (F_OFD_SETLK): the segment is
// opened once more, close-on-exec. So it is not lost when the segment's descriptor is duplicated,
// sent and closed, nor when its name is removed or the process opens the segment a second time; and
// whoever maps the segment asks the right file. A child of fork closes its copy, and holds nothing.
// A child that was made by a raw system call, so that no pthread_atfork handler ran, keeps its
// parent's lock until it uses this object or ends.
//
// Thread-safe, and usable in a child of fork. No call blocks. Move-only.
class Liveness {
 public:
  // Called with each participant that a registry has found dead, in the thread that found it, which
  // may be about to take a lock: it must not block.
  using DeathObserver = std::function<void(OwnerTag dead)>;

  // `fd`: the memfd or the file that is mapped. Needs /proc, and the right to open the file for
  // writing. Fails with the kernel's error.
  static absl::StatusOr<Liveness> Bind(int fd, DeathObserver observer = nullptr);
  // For who only looks: the right to read is enough, and who holds is refused.
  static absl::StatusOr<Liveness> BindReadOnly(int fd, DeathObserver observer = nullptr);
  Liveness(Liveness&&) noexcept;
  Liveness& operator=(Liveness&&) noexcept;
  ~Liveness();

  // False: a live process, possibly this one, holds `slot`. PermissionDenied: this object is for
  // reading. Else the kernel's error; it says nothing about the slot.
  absl::StatusOr<bool> TryHold(std::uint32_t slot) const;
  // True also if this process holds `slot`, and if the system call fails.
  bool IsHeld(std::uint32_t slot) const;
  void Release(std::uint32_t slot) const;

  // The same for a reserved tag, with a lock of its own: this process stands for it until the child
  // has joined, and is seen from any pid namespace. It ends also when this process holds another
  // reservation of the slot.
  absl::StatusOr<bool> TryHoldReservation(OwnerTag tag) const;
  bool IsReservationHeld(OwnerTag tag) const;
  void ReleaseReservation(OwnerTag tag) const;

  // Bound for looking only.
  bool is_read_only() const;
  // Of the segment's file. A registry compares it with the number in its header.
  std::uint64_t inode() const;
  void Tell(OwnerTag dead) const;

 private:
  static absl::StatusOr<Liveness> BindWith(int fd, int flags, DeathObserver observer);
  absl::Status MayHold() const;
  explicit Liveness(std::unique_ptr<internal::LivenessOpening> opening);

  std::unique_ptr<internal::LivenessOpening> opening_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LIVENESS_H_
