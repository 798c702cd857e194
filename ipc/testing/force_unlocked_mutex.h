#ifndef MUSTER_IPC_TESTING_FORCE_UNLOCKED_MUTEX_H_
#define MUSTER_IPC_TESTING_FORCE_UNLOCKED_MUTEX_H_

#include <semaphore.h>

#include <atomic>
#include <cstdint>

namespace muster::ipc::testing {

// The widespread design of a lock in shared memory: the owner's pid in a word, a
// count of those who may have to sleep, a semaphore to sleep on; at a death the
// parent takes the word away from the dead one. The algorithm is that of nginx's
// shmtx. Here to be swept beside ours: it loses wakeups.
class ForceUnlockedMutex {
 public:
  // In shared memory.
  ForceUnlockedMutex();

  void Lock(std::uint32_t pid);
  void Unlock(std::uint32_t pid);
  // In the parent, after the death of `pid`.
  void ForceUnlock(std::uint32_t pid) { Unlock(pid); }

  bool is_owned_by(std::uint32_t pid) const { return owner_.load() == pid; }
  std::uint32_t waiting() const { return waiting_.load(); }

 private:
  bool TryLock(std::uint32_t pid);
  void WakeOne();

  std::atomic<std::uint32_t> owner_{0};
  std::atomic<std::uint32_t> waiting_{0};
  sem_t wakeups_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_FORCE_UNLOCKED_MUTEX_H_
