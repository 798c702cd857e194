#include "muster/bench/wait_duels.h"

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cstdint>

#include "muster/bench/guarded_count.h"
#include "muster/bench/participants.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/semaphore.h"

namespace muster::bench {
namespace {

constexpr std::uint32_t kPermits = 4;

struct OurSemaphore {
  Participants participants;
  ipc::SemaphoreState<kPermits> semaphore;
  Count count;

  class Guard {
   public:
    explicit Guard(ipc::Semaphore semaphore) : semaphore_(semaphore) {}
    void lock() { permit_ = *semaphore_.Acquire(); }
    void unlock() { MUSTER_CHECK(semaphore_.Release(permit_), "Semaphore::Release"); }

   private:
    ipc::Semaphore semaphore_;
    std::uint32_t permit_ = 0;
  };
  Guard LockFor(int role) {
    return Guard(
        *ipc::Semaphore::Create(&semaphore, participants.registry(), participants.tag(role)));
  }
};

class PosixSemaphore {
 public:
  PosixSemaphore() { MUSTER_CHECK(::sem_init(&semaphore_, 1, kPermits) == 0, "sem_init"); }
  void lock() { MUSTER_CHECK(::sem_wait(&semaphore_) == 0, "sem_wait"); }
  void unlock() { MUSTER_CHECK(::sem_post(&semaphore_) == 0, "sem_post"); }

 private:
  sem_t semaphore_;
};

// Notifying is the unlock: a count goes up, and who waits for it would be told.
struct OurEvent {
  Participants participants;
  ipc::EventState event;
  Count count;

  struct Notifier {
    ipc::Event event;
    void lock() {}
    void unlock() { event.NotifyOne(); }
  };
  Notifier LockFor(int) { return Notifier{ipc::Event(&event, participants.registry())}; }
};

class PthreadCondition {
 public:
  PthreadCondition() {
    pthread_condattr_t attributes;
    ::pthread_condattr_init(&attributes);
    ::pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    MUSTER_CHECK(::pthread_cond_init(&condition_, &attributes) == 0, "pthread_cond_init");
    ::pthread_condattr_destroy(&attributes);
  }
  void lock() {}
  void unlock() {
    MUSTER_CHECK(::pthread_cond_signal(&condition_) == 0, "pthread_cond_signal");
    // The next count is for others to see, as behind the fence of Event.
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

 private:
  pthread_cond_t condition_;
};

}  // namespace

std::vector<Duel> WaitDuels() {
  return {
      {"semaphore, alone", Processes::kOne, CountUnder<OurSemaphore>("Semaphore"),
       CountUnder<LockedCount<PosixSemaphore>>("sem_t"), std::nullopt},
      {"notify, nobody waits", Processes::kOne, CountUnder<OurEvent>("Event"),
       CountUnder<LockedCount<PthreadCondition>>("pthread_cond"), std::nullopt},
  };
}

}  // namespace muster::bench
