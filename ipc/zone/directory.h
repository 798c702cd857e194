#ifndef MUSTER_IPC_ZONE_DIRECTORY_H_
#define MUSTER_IPC_ZONE_DIRECTORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/zone/object_kind.h"
#include "muster/ipc/zone/zone_layout.h"

namespace muster::ipc {

// What a program expects of an object, or makes it with.
struct ObjectSpec {
  ObjectKind kind = ObjectKind::kPlain;
  absl::string_view type;     // of the program's; two types of one name are one type
  std::uint32_t version = 1;  // of the type's layout
  std::size_t bytes = 0;
  std::size_t alignment = 1;  // a power of two, a page at most
  std::uint32_t count = 0;    // as in StateBytes
};

// A copy of an object's entry, checked, and where its state is.
struct ObjectView {
  std::uint32_t index = 0;
  std::string name;
  ObjectKind kind = ObjectKind::kPlain;
  std::string type;
  std::uint32_t version = 0;
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  std::byte* state = nullptr;  // `bytes` long, within the mapped memory
};

// Where an object's state is, and how to recover it: all that a burial needs of an entry.
struct ObjectState {
  ObjectKind kind = ObjectKind::kPlain;
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  std::byte* state = nullptr;  // `bytes` long, within the mapped memory
};

// The named objects of a zone. Names are found without a lock; to add one takes the mutex in the
// zone's header. A process that dies while it adds leaves nothing: an object is there when its
// entry is counted, and what was written before that is written again by the next one.
//
// Damaged entries are errors (DataLoss), and lead nowhere. Thread-safe, but for FindOrAdd, which
// one thread calls at a time. `memory` must outlive it, and is told to grow by it.
class Directory {
 public:
  Directory(SharedMemory* memory, const ZoneParts& parts) : memory_(memory), parts_(parts) {}

  // NotFound: there is no such object. FailedPrecondition: it is of another kind, type, version,
  // size or count; the message has both. InvalidArgument: no object can have this name.
  absl::StatusOr<ObjectView> Find(absl::string_view name, const ObjectSpec& spec) const;
  // The same, but makes the object if it is not there: `initialise` is called with zeroed memory of
  // its own, before anybody else sees it. ResourceExhausted: the zone has as many objects, or as
  // much memory, as it may have. `mutex` is the caller's handle of the mutex in the header; blocks
  // while others add.
  absl::StatusOr<ObjectView> FindOrAdd(absl::string_view name, const ObjectSpec& spec,
                                       absl::FunctionRef<void(void* state)> initialise,
                                       Mutex& mutex);
  // OutOfRange: there are not so many.
  absl::StatusOr<ObjectView> At(std::uint32_t index) const;
  absl::StatusOr<ObjectState> StateAt(std::uint32_t index) const;
  std::uint32_t size() const { return parts_.objects(); }

 private:
  absl::StatusOr<ObjectView> Lookup(absl::string_view name) const;
  absl::StatusOr<ObjectView> Add(absl::string_view name, const ObjectSpec& spec,
                                 absl::FunctionRef<void(void* state)> initialise);
  LockOutcome Lock(Mutex& mutex) const;
  absl::StatusOr<std::size_t> EndOfLast() const;
  void Link(std::uint32_t index) const;
  void FinishLast() const;

  SharedMemory* memory_;
  ZoneParts parts_;
  // How large the file was when it was asked last. It never shrinks.
  mutable std::atomic<std::size_t> known_bytes_{0};
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_DIRECTORY_H_
