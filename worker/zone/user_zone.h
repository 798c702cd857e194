#ifndef MUSTER_WORKER_ZONE_USER_ZONE_H_
#define MUSTER_WORKER_ZONE_USER_ZONE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::worker {

// A named piece of shared memory for the service's own use. The configuration declares it, the
// master creates it, and all workers map it. Its content outlives reloads and the deaths of
// workers. Each zone has a bell: any process may ring it, and every process that watches it
// (worker/zone/zone_bell.h) is woken.
//
// Move-only owner of one mapping. Pointers into it are valid as long as it lives. Thread-safe, as
// far as the zone itself goes; the service guards its own bytes, for example by a lock of ipc/lock.
// docs/MEMORY_LAYOUT.md has the layout of the 4096 bytes before the service's own.
class UserZone {
 public:
  // How many locks NoteLock can note in one zone, of all processes together.
  static constexpr std::size_t kMostLocks = 480;

  // ResourceExhausted: this machine does not have the memory for a zone of this size.
  static absl::Status CheckSize(const std::string& name, std::uint64_t size_bytes);
  // For the master. Creates a zone with all bytes zero, allocated and sealed.
  static absl::StatusOr<UserZone> Create(const std::string& name, std::uint64_t size_bytes);
  // For a worker. Maps the zone behind two descriptors that the master handed over. Errors: they
  // are not a zone of this version.
  static absl::StatusOr<UserZone> Attach(const std::string& name, ipc::UniqueFd memory,
                                         ipc::UniqueFd bell);

  const std::string& name() const { return name_; }
  // The service's part, page-aligned, and its size.
  std::byte* data() const;
  std::size_t size_bytes() const;
  // Differs from that of every other zone, also of an earlier one with the same name.
  std::uint64_t instance_id() const { return instance_id_; }

  // For the master, once in a while and before a process attaches: stores the header again where
  // somebody changed it. The service's part is the service's.
  void Restore() const;

  // Returns the service's part as a T. Zero bytes must be a valid T, since no constructor runs. The
  // first call in any process fixes `layout_version` (not 0) and the size of T for the life of the
  // zone. FailedPrecondition: they were fixed differently, by a program of another version.
  // InvalidArgument: the zone is too small.
  template <typename T>
  absl::StatusOr<T*> As(std::uint32_t layout_version) const {
    static_assert(std::is_standard_layout_v<T> && std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= 4096);
    MUSTER_RETURN_IF_ERROR(Settle(layout_version, sizeof(T)));
    return std::launder(reinterpret_cast<T*>(data()));
  }

  // Notes for the master where a lock in this zone is, so that the master recovers it as soon as
  // its owner has died. Call it once for each lock; repeating it does no harm. Without it, a
  // process that waits for the lock detects the death itself, within a second. An EventFd cannot be
  // noted, since the master does not have its descriptor: use the bell. ResourceExhausted:
  // kMostLocks are noted already.
  absl::Status NoteLock(const ipc::MutexState* lock) const { return Note(Kind::kMutex, lock); }
  absl::Status NoteLock(const ipc::SpinlockState* lock) const {
    return Note(Kind::kSpinlock, lock);
  }
  absl::Status NoteLock(const ipc::OnceState* lock) const { return Note(Kind::kOnce, lock); }
  absl::Status NoteLock(const ipc::EventState* lock) const { return Note(Kind::kEvent, lock); }

  // Wakes everything that watches the bell, in all workers, this one included. Does not block. One
  // system call.
  void Ring() const;

  // For the master, as a step of worker/zone/slot_recovery.h, once the registry has marked the
  // participant dead. Releases the noted locks that it held, and rings, since the dead process may
  // have written something and not rung. Idempotent. Does not block, even if a worker made the bell
  // blocking, which it can, and rang it full: that is undone.
  void Recover(ipc::OwnerTag dead) const;

  // The descriptors to hand over. They stay the zone's.
  int memory_fd() const { return memory_.fd(); }
  int bell_fd() const { return bell_.get(); }

 private:
  enum class Kind : std::uint8_t { kNone = 0, kMutex = 1, kSpinlock = 2, kOnce = 3, kEvent = 4 };

  UserZone(std::string name, ipc::SharedMemory memory, ipc::UniqueFd bell,
           std::uint64_t instance_id)
      : name_(std::move(name)),
        memory_(std::move(memory)),
        bell_(std::move(bell)),
        instance_id_(instance_id) {}

  absl::Status Settle(std::uint32_t layout_version, std::size_t bytes) const;
  absl::Status Note(Kind kind, const void* lock) const;
  void RingUnblocked() const;

  std::string name_;
  ipc::SharedMemory memory_;
  ipc::UniqueFd bell_;
  std::uint64_t instance_id_;
};

// The zones that one process was handed.
using UserZones = std::vector<std::shared_ptr<const UserZone>>;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_USER_ZONE_H_
