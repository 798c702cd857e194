#ifndef MUSTER_IPC_TESTING_TEST_ZONE_H_
#define MUSTER_IPC_TESTING_TEST_ZONE_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {

// Memory that a test shares with its forked children: a registry of eight slots, and
// room for what is to be tested. Aborts where a test cannot go on.
class TestZone {
 public:
  static constexpr std::uint32_t kCapacity = 8;

  // Without a parent the participants claim their slots.
  enum class Parent { kThere, kNone };
  explicit TestZone(Parent parent = Parent::kThere);

  const Registry& registry() const { return registry_; }
  // For Parent::kNone. The caller has nothing to recover.
  OwnerTag Claim() const;
  const Liveness* liveness() const { return liveness_ ? &*liveness_ : nullptr; }
  const SharedMemory& memory() const { return memory_; }
  OwnerTag Reserve(std::uint32_t slot) const;
  // Zeroed and aligned to 128 bytes.
  void* PlaceBytes(std::size_t size_bytes);
  template <typename State>
  State* Place() {
    return new (PlaceBytes(sizeof(State))) State{};
  }

 private:
  SharedMemory memory_;
  std::optional<Liveness> liveness_;
  Registry registry_;
  std::size_t used_bytes_;
};

// A door between processes, closed while its bytes are zero.
class Gate {
 public:
  void Open();
  void Await() const;

 private:
  std::atomic<std::uint32_t> open_{0};
};

// Blocks until the only thread of `pid`, a child, sleeps in a futex wait.
void AwaitFutexSleep(pid_t pid);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_TESTING_TEST_ZONE_H_
