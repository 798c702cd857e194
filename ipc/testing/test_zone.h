#ifndef MUSTER_IPC_TESTING_TEST_ZONE_H_
#define MUSTER_IPC_TESTING_TEST_ZONE_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "muster/ipc/lock/liveness_file.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::ipc {

// Memory that a test shares with its forked children: a registry of eight slots, and
// room for what is to be tested. Aborts where a test cannot go on.
class TestZone {
 public:
  static constexpr std::uint32_t kCapacity = 8;

  explicit TestZone(const LivenessFile* liveness = nullptr);

  const Registry& registry() const { return registry_; }
  OwnerTag Reserve(std::uint32_t slot) const;
  // Zeroed and aligned to 128 bytes.
  void* PlaceBytes(std::size_t size_bytes);
  template <typename State>
  State* Place() {
    return new (PlaceBytes(sizeof(State))) State{};
  }

 private:
  SharedMemory memory_;
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
