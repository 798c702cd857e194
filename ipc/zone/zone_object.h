#ifndef MUSTER_IPC_ZONE_ZONE_OBJECT_H_
#define MUSTER_IPC_ZONE_ZONE_OBJECT_H_

#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/zone/directory.h"
#include "muster/ipc/zone/local/zone_latch.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/ipc/zone/local/zone_once.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"
#include "muster/ipc/zone/local/zone_spinlock.h"
#include "muster/ipc/zone/object_parts.h"
#include "muster/ipc/zone/zone_attachment.h"
#include "muster/ipc/zone/zone_counter.h"
#include "muster/ipc/zone/zone_layout.h"

namespace muster::ipc {

// The name of T as its source has it, with all namespaces. The same in every program that a
// compiler of one family made from the same source.
template <typename T>
absl::string_view TypeName() {
  constexpr std::string_view signature = __PRETTY_FUNCTION__;
  constexpr std::size_t begin = signature.find("T = ") + 4;
  constexpr std::size_t end = signature.find_first_of(";]", begin);
  return {signature.data() + begin, end - begin};
}

// How Zone::Get makes a T, and finds it again:
//   Spec(sizes, arguments...)   what the directory says of it
//   Initialise(state)           for new, zeroed memory
//   Make(object, arguments...)  this process's T
//   Expire(part)                when the participant leaves; a T without an owner has none
//
// This one is for a struct of the program's own. It must be such that another process can use it:
// standard layout, nothing to destroy, no pointers. Its default constructor runs once in the zone,
// and must not use the zone. A member `static constexpr std::uint32_t kZoneVersion` is the version
// of its layout, 1 if there is none.
template <typename T>
struct ZoneObject {
  static_assert(std::is_standard_layout_v<T> && std::is_trivially_destructible_v<T>,
                "other processes use its bytes");
  static_assert(std::is_nothrow_default_constructible_v<T>);
  static_assert(alignof(T) <= 4096);

  static ObjectSpec Spec(const ZoneSizes&) {
    ObjectSpec spec = {.kind = ObjectKind::kPlain,
                       .type = TypeName<T>(),
                       .bytes = sizeof(T),
                       .alignment = alignof(T)};
    if constexpr (requires { T::kZoneVersion; }) spec.version = T::kZoneVersion;
    return spec;
  }
  static void Initialise(void* state) { new (state) T(); }
  static absl::StatusOr<std::shared_ptr<T>> Make(const OpenedObject& object) {
    // The memory is the zone's.
    return std::shared_ptr<T>(std::shared_ptr<void>(),
                              std::launder(reinterpret_cast<T*>(object.view.state)));
  }
};

// For the kinds whose bytes are zero at first, and whose type is this library's.
template <ObjectKind kKind>
struct ZoneObjectOfKind {
  static ObjectSpec SpecOf(absl::string_view type, std::uint32_t count = 0) {
    return {.kind = kKind, .type = type, .bytes = StateBytes(kKind, count), .count = count};
  }
  static void Initialise(void*) {}
  template <typename State>
  static State* StateOf(const OpenedObject& object) {
    return std::launder(reinterpret_cast<State*>(object.view.state));
  }
};

template <>
struct ZoneObject<ZoneMutex> : ZoneObjectOfKind<ObjectKind::kMutex> {
  static ObjectSpec Spec(const ZoneSizes&, const RepairCallback& = nullptr) {
    return SpecOf("Mutex");
  }
  static absl::StatusOr<std::shared_ptr<ZoneMutex>> Make(const OpenedObject& object,
                                                         RepairCallback repair = nullptr) {
    return std::make_shared<ZoneMutex>(
        Mutex(StateOf<MutexState>(object), object.registry, object.self), std::move(repair));
  }
  static void Expire(ZoneMutex& part) { part.Expire(); }
};

template <>
struct ZoneObject<ZoneSpinlock> : ZoneObjectOfKind<ObjectKind::kSpinlock> {
  static ObjectSpec Spec(const ZoneSizes&, const RepairCallback& = nullptr) {
    return SpecOf("Spinlock");
  }
  static absl::StatusOr<std::shared_ptr<ZoneSpinlock>> Make(const OpenedObject& object,
                                                            RepairCallback repair = nullptr) {
    return std::make_shared<ZoneSpinlock>(
        Spinlock(StateOf<SpinlockState>(object), object.registry, object.self), std::move(repair));
  }
  static void Expire(ZoneSpinlock& part) { part.Expire(); }
};

template <>
struct ZoneObject<ZoneRwLock> : ZoneObjectOfKind<ObjectKind::kRwLock> {
  static ObjectSpec Spec(const ZoneSizes& sizes, const RepairCallback& = nullptr) {
    return SpecOf("RwLock", sizes.max_participants);
  }
  static absl::StatusOr<std::shared_ptr<ZoneRwLock>> Make(const OpenedObject& object,
                                                          RepairCallback repair = nullptr) {
    const RwLockParts parts(object.view.state, object.view.count);
    MUSTER_ASSIGN_OR_RETURN(
        RwLock lock, RwLock::Create(parts.writer, parts.readers, object.registry, object.self));
    return std::make_shared<ZoneRwLock>(std::move(lock), std::move(repair));
  }
  static void Expire(ZoneRwLock& part) { part.Expire(); }
};

template <>
struct ZoneObject<ZoneOnce> : ZoneObjectOfKind<ObjectKind::kOnce> {
  static ObjectSpec Spec(const ZoneSizes&) { return SpecOf("Once"); }
  static absl::StatusOr<std::shared_ptr<ZoneOnce>> Make(const OpenedObject& object) {
    return std::make_shared<ZoneOnce>(
        Once(StateOf<OnceState>(object), object.registry, object.self));
  }
  static void Expire(ZoneOnce& part) { part.Expire(); }
};

// Get takes the number of permits.
template <>
struct ZoneObject<Semaphore> : ZoneObjectOfKind<ObjectKind::kSemaphore> {
  static ObjectSpec Spec(const ZoneSizes&, std::uint32_t permits) {
    return SpecOf("Semaphore", permits);
  }
  static absl::StatusOr<std::shared_ptr<Semaphore>> Make(const OpenedObject& object,
                                                         std::uint32_t) {
    const SemaphoreParts parts(object.view.state, object.view.count);
    MUSTER_ASSIGN_OR_RETURN(
        const Semaphore semaphore,
        Semaphore::Create(parts.header, parts.owners, object.registry, object.self));
    return std::make_shared<Semaphore>(semaphore);
  }
  static void Expire(Semaphore& part) { part.Expire(); }
};

template <>
struct ZoneObject<Event> : ZoneObjectOfKind<ObjectKind::kEvent> {
  static ObjectSpec Spec(const ZoneSizes&) { return SpecOf("Event"); }
  static absl::StatusOr<std::shared_ptr<Event>> Make(const OpenedObject& object) {
    return std::make_shared<Event>(StateOf<EventState>(object), object.registry);
  }
};

template <>
struct ZoneObject<ZoneCounter> : ZoneObjectOfKind<ObjectKind::kCounter> {
  static ObjectSpec Spec(const ZoneSizes& sizes) {
    return SpecOf("Counter", sizes.max_participants);
  }
  static absl::StatusOr<std::shared_ptr<ZoneCounter>> Make(const OpenedObject& object) {
    return std::make_shared<ZoneCounter>(
        absl::MakeSpan(StateOf<ZoneCounterCell>(object), object.view.count), object.self.slot());
  }
};

template <typename Value>
struct ZoneObject<ZoneLatch<Value>> : ZoneObjectOfKind<ObjectKind::kLatch> {
  static ObjectSpec Spec(const ZoneSizes&) {
    ObjectSpec spec = ZoneObject<Value>::Spec({});
    spec.kind = ObjectKind::kLatch;
    spec.bytes = sizeof(LatchState<Value>);
    spec.alignment = alignof(LatchState<Value>);
    return spec;
  }
  static absl::StatusOr<std::shared_ptr<ZoneLatch<Value>>> Make(const OpenedObject& object) {
    using State = LatchState<Value>;
    return std::make_shared<ZoneLatch<Value>>(
        Latch<Value>(std::launder(reinterpret_cast<State*>(object.view.state))));
  }
  static void Expire(ZoneLatch<Value>& part) { part.Expire(); }
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_OBJECT_H_
