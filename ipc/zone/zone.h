#ifndef MUSTER_IPC_ZONE_ZONE_H_
#define MUSTER_IPC_ZONE_ZONE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/zone/directory.h"
#include "muster/ipc/zone/participant.h"
#include "muster/ipc/zone/zone_attachment.h"
#include "muster/ipc/zone/zone_layout.h"
#include "muster/ipc/zone/zone_object.h"
#include "muster/ipc/zone/zone_place.h"

namespace muster::ipc {

// For the creator. What is not set by it is decided for the life of the zone.
struct ZoneOptions {
  // Processes that take part at a time, 1 to OwnerTag::kMaxSlots.
  std::uint32_t max_participants = 64;
  std::uint32_t max_objects = 1024;
  // Allocated now, for objects. The zone grows as objects are added, up to `max_bytes` in all,
  // which costs address space only.
  std::size_t initial_bytes = 64 << 10;
  std::size_t max_bytes = std::size_t{1} << 30;
  // Who may open it by its name. Who may write it may use all of it, its locks too. Openers take a
  // zone that others than its owner may write only from a place that is Trusting.
  mode_t mode = 0600;
  // 1 to 18: for tests of what happens when the generations of a slot come round.
  int generation_bits = OwnerTag::kGenerationBits;
};

// Memory that processes share, with the objects in it and the processes that use it: each object
// has a name and a type, each process that takes part is known, and what a dead process held is
// released by whoever learns of its death. So there is nothing to lay out, to register or to
// recover by hand:
//
//   Zone zone = *Zone::OpenOrCreate(ZonePlace::Posix("/orders"));
//   Participant self = *zone.Join();
//   auto mutex = *zone.Get<ZoneMutex>("ledger.lock");
//   auto ledger = *zone.Get<Ledger>("ledger");
//   { std::lock_guard lock(*mutex); ledger->balance += 100; }
//
// Who supervises the others calls Reserve for a child, and Bury when its pidfd is readable, or has
// a ZoneWatch do it (zone_watch.h). Without a supervisor the first one that waits for something of
// a dead process, or needs its slot, does the same; a wait looks every 100 ms.
//
// A handle of this process's attachment; copies are equal. All threads may use it. A child of fork
// may use it too, and Joins for itself. Participants in different pid namespaces are safe; a zone
// on a network file system is not.
class Zone {
 public:
  // AlreadyExists: the name is taken. The others see a zone when it is complete.
  static absl::StatusOr<Zone> Create(const ZonePlace& place, const ZoneOptions& options = {});
  // NotFound: there is none. InvalidArgument, FailedPrecondition, DataLoss: it is no zone that this
  // program can use, and why.
  static absl::StatusOr<Zone> Open(const ZonePlace& place);
  // For the descriptor of a memfd that was received or inherited. What has a name may shrink, so it
  // is opened by its name.
  static absl::StatusOr<Zone> Open(UniqueFd fd);
  // Whichever it is; of several who do so at once, one creates.
  static absl::StatusOr<Zone> OpenOrCreate(const ZonePlace& place, const ZoneOptions& options = {});
  // For looking: Find, List and registry(). Nothing can be changed, joined or repaired through it.
  static absl::StatusOr<Zone> OpenReadOnly(const ZonePlace& place);
  static absl::StatusOr<Zone> OpenReadOnly(UniqueFd fd);

  // ---- Taking part ----

  // AlreadyExists: this process takes part already. ResourceExhausted: max_participants do.
  absl::StatusOr<Participant> Join() const;
  // With a tag that a parent reserved for this process.
  absl::StatusOr<Participant> Join(OwnerTag reserved) const;

  // For who starts the other processes. ResourceExhausted: as in Join.
  absl::StatusOr<OwnerTag> Reserve() const;
  // Which process it is, as soon as it is known. Until then, and until the child has joined, the
  // reservation ends with the caller.
  void SetProcess(OwnerTag tag, pid_t pid) const;
  // Releases what a dead participant held, and frees its slot. Call it when its pidfd is readable,
  // whatever a wait says, or when the child could not be started. Does not block. Idempotent.
  // FailedPrecondition: the kernel says that it is alive. Unimplemented: it had opened an object of
  // a kind that this program does not know; a newer program must do it.
  absl::Status Bury(OwnerTag tag) const;
  // The same for all of whom the kernel says now that they are dead: for who supervises processes
  // that Join by themselves, once a pidfd is readable. About ten system calls for each participant.
  void BuryDead() const;

  // ---- Objects ----

  // This process's part of the object `name`, for all of its threads; the same each time. T is
  //   ZoneMutex, ZoneRwLock, ZoneSpinlock, each with a RepairCallback as argument, or none, which
  //     lock() and its kin call after the death of an owner (the first call in a process counts),
  //   ZoneOnce, Event, ZoneCounter, ZoneLatch<V>,
  //   Semaphore, with the number of permits as argument,
  //   or a struct of the program's own (ZoneObject in zone_object.h says what it must be like).
  // It is made if it is not there. FailedPrecondition: this process does not take part, or the
  // object is of another type, version, size or count; the message has both. ResourceExhausted: the
  // zone is full. Blocks while another process adds an object.
  template <typename T, typename... Arguments>
  absl::StatusOr<std::shared_ptr<T>> Get(absl::string_view name, Arguments... arguments) const {
    using Object = ZoneObject<T>;
    ZoneAttachment::ExpirePart expire = nullptr;
    if constexpr (requires { &Object::Expire; }) {
      expire = [](void* part) { Object::Expire(*static_cast<T*>(part)); };
    }
    MUSTER_ASSIGN_OR_RETURN(
        std::shared_ptr<void> part,
        attachment_->Get(
            name, Object::Spec(sizes(), arguments...),
            [](void* state) { Object::Initialise(state); },
            [&](const OpenedObject& object) -> absl::StatusOr<std::shared_ptr<void>> {
              return Object::Make(object, arguments...);
            },
            expire));
    // The part is in the zone's memory, or refers to it.
    auto* const object = static_cast<T*>(part.get());
    using Kept = std::pair<std::shared_ptr<ZoneAttachment>, std::shared_ptr<void>>;
    return std::shared_ptr<T>(std::make_shared<Kept>(attachment_, std::move(part)), object);
  }
  // An eventfd cannot be found by a name: one process makes it, the others get its descriptor from
  // that one over a channel. `fd`: the eventfd, for the first call in this process.
  // FailedPrecondition: this process does not have it.
  absl::StatusOr<std::shared_ptr<EventFd>> GetEventFd(absl::string_view name,
                                                      UniqueFd fd = UniqueFd()) const;
  // The same, but makes the eventfd if this process has none. For the consumer.
  absl::StatusOr<std::shared_ptr<EventFd>> MakeEventFd(absl::string_view name) const;

  // A struct of the program's own that is there already, for looking at. NotFound: it is not.
  template <typename T>
  absl::StatusOr<std::shared_ptr<const T>> Find(absl::string_view name) const {
    MUSTER_ASSIGN_OR_RETURN(const ObjectView object,
                            attachment_->Find(name, ZoneObject<T>::Spec(sizes())));
    static_assert(std::is_standard_layout_v<T>);
    return std::shared_ptr<const T>(attachment_, reinterpret_cast<const T*>(object.state));
  }
  // All objects, in the order in which they were made. An error stands for a damaged entry.
  std::vector<absl::StatusOr<ObjectView>> List() const { return attachment_->List(); }

  // Who takes part. For looking.
  const Registry& registry() const { return attachment_->registry(); }
  // The memory's descriptor, to send to another process. It stays the zone's.
  int fd() const { return attachment_->fd(); }
  std::size_t size_bytes() const;
  // Random. Differs from that of every other zone, also of an earlier one in the same place.
  std::uint64_t instance_id() const { return attachment_->instance_id(); }

  // For the creator of a zone whose users it does not trust: stores the headers again, whatever
  // stands there, without which nobody can open the zone. The objects and who takes part stay as
  // they are.
  void Restore() const;
  const ZoneSizes& sizes() const { return attachment_->parts().sizes(); }

 private:
  explicit Zone(std::shared_ptr<ZoneAttachment> attachment) : attachment_(std::move(attachment)) {}

  std::shared_ptr<ZoneAttachment> attachment_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_H_
