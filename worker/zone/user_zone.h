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

// A named piece of memory that the configuration declares and the service uses as it likes. The
// master makes it and all workers have it, over respawns and reloads. With it comes a bell, which
// any process may ring and all that watch it (worker/zone/zone_bell.h) hear.
//
// Move-only owner of one mapping; pointers into it live as long as it does. Thread-safe.
// docs/MEMORY_LAYOUT.md has the layout of what is before the service's own.
class UserZone {
 public:
  // Noted by NoteLock, in all processes together.
  static constexpr std::size_t kMostLocks = 480;

  // ResourceExhausted: this machine has not the memory for a zone of this size.
  static absl::Status CheckSize(const std::string& name, std::uint64_t size_bytes);
  // For the master: all bytes zero, allocated and sealed.
  static absl::StatusOr<UserZone> Create(const std::string& name, std::uint64_t size_bytes);
  // For who was handed the descriptors. Errors: they are no zone of this version.
  static absl::StatusOr<UserZone> Attach(const std::string& name, ipc::UniqueFd memory,
                                         ipc::UniqueFd bell);

  const std::string& name() const { return name_; }
  // The service's part, page-aligned.
  std::byte* data() const;
  std::size_t size_bytes() const;
  // Tells this zone from any other, an earlier one of its name included.
  std::uint64_t instance_id() const;

  // The zone as a T, of which zero bytes must be a valid beginning: nobody constructs it. The
  // first who asks settles `layout_version` (not 0) and the size of T for the zone's life.
  // FailedPrecondition: it was settled otherwise, by a program of another version. InvalidArgument:
  // the zone is too small.
  template <typename T>
  absl::StatusOr<T*> As(std::uint32_t layout_version) const {
    static_assert(std::is_standard_layout_v<T> && std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= 4096);
    MUSTER_RETURN_IF_ERROR(Settle(layout_version, sizeof(T)));
    return std::launder(reinterpret_cast<T*>(data()));
  }

  // Tells the master where a lock is, so that it recovers it the moment its owner died. Once is
  // enough; again does no harm. Who waits for a lock that was not noted finds out by himself,
  // within a second. ResourceExhausted: kMostLocks are noted.
  absl::Status NoteLock(const ipc::MutexState* lock) const { return Note(Kind::kMutex, lock); }
  absl::Status NoteLock(const ipc::SpinlockState* lock) const {
    return Note(Kind::kSpinlock, lock);
  }
  absl::Status NoteLock(const ipc::OnceState* lock) const { return Note(Kind::kOnce, lock); }
  absl::Status NoteLock(const ipc::EventState* lock) const { return Note(Kind::kEvent, lock); }

  // Wakes all who watch the bell, in all workers, this one included. Never blocks; one system call.
  void Ring() const;

  // For the master, when the participant is marked dead: gives back the locks that it held, and
  // rings, since what it was about to tell it will not. Idempotent.
  void Recover(ipc::OwnerTag dead) const;

  // To hand over; stay the zone's.
  int memory_fd() const { return memory_.fd(); }
  int bell_fd() const { return bell_.get(); }

 private:
  enum class Kind : std::uint8_t { kNone = 0, kMutex = 1, kSpinlock = 2, kOnce = 3, kEvent = 4 };

  UserZone(std::string name, ipc::SharedMemory memory, ipc::UniqueFd bell)
      : name_(std::move(name)), memory_(std::move(memory)), bell_(std::move(bell)) {}

  absl::Status Settle(std::uint32_t layout_version, std::size_t bytes) const;
  absl::Status Note(Kind kind, const void* lock) const;

  std::string name_;
  ipc::SharedMemory memory_;
  ipc::UniqueFd bell_;
};

// Those that one process has been handed.
using UserZones = std::vector<std::shared_ptr<const UserZone>>;

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_USER_ZONE_H_
