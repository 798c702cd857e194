// Locks that users have today, swept for comparison.
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#if __has_include(<boost/interprocess/sync/interprocess_mutex.hpp>)
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#define MUSTER_HAS_BOOST
#endif

#include "muster/ipc/base/check.h"
#include "muster/ipc/testing/force_unlocked_mutex.h"
#include "muster/ipc/testing/held_thing.h"
#include "muster/ipc/testing/lock_roles.h"
#include "muster/ipc/testing/scenarios.h"

namespace muster::ipc::testing {
namespace {

template <typename Thing>
std::vector<Scenario> PeerScenarios(HeldKind kind) {
  kind.peer = true;
  kind.create = [](Parent, void* memory) { return std::make_unique<Thing>(memory); };
  return LockScenarios(kind);
}

class ForceUnlocked : public HeldThing {
 public:
  explicit ForceUnlocked(void* memory) : shared_(new (memory) Shared) {}

  bool Lock(int participant) override {
    shared_->mutex.Lock(Pid(participant));
    return false;
  }
  bool TryUnlock(int participant) override {
    shared_->mutex.Unlock(Pid(participant));
    return true;
  }
  void Recover(int participant) override { shared_->mutex.ForceUnlock(Pid(participant)); }
  std::optional<bool> Held(int participant) const override {
    return shared_->mutex.is_owned_by(Pid(participant));
  }
  std::string Leftover() const override {
    return shared_->mutex.waiting() != 0 ? "the dead are counted as waiting" : "";
  }

 private:
  struct Shared {
    ForceUnlockedMutex mutex;
  };
  // Any number that names one process does.
  static std::uint32_t Pid(int participant) { return static_cast<std::uint32_t>(participant) + 1; }

  Shared* shared_;
};

class RobustMutex : public HeldThing {
 public:
  explicit RobustMutex(void* memory) : mutex_(static_cast<pthread_mutex_t*>(memory)) {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    MUSTER_CHECK(::pthread_mutex_init(mutex_, &attributes) == 0, "pthread_mutex_init");
    ::pthread_mutexattr_destroy(&attributes);
  }

  bool Lock(int) override {
    if (::pthread_mutex_lock(mutex_) != EOWNERDEAD) return false;
    ::pthread_mutex_consistent(mutex_);
    return true;
  }
  bool TryUnlock(int) override {
    ::pthread_mutex_unlock(mutex_);
    return true;
  }
  std::optional<bool> Held(int) const override { return std::nullopt; }

 private:
  pthread_mutex_t* mutex_;
};

#ifdef MUSTER_HAS_BOOST
class BoostMutex : public HeldThing {
 public:
  explicit BoostMutex(void* memory)
      : mutex_(new (memory) boost::interprocess::interprocess_mutex) {}

  bool Lock(int) override {
    mutex_->lock();
    return false;
  }
  bool TryUnlock(int) override {
    mutex_->unlock();
    return true;
  }
  std::optional<bool> Held(int) const override { return std::nullopt; }

 private:
  boost::interprocess::interprocess_mutex* mutex_;
};
#endif

class PosixSemaphore : public HeldThing {
 public:
  explicit PosixSemaphore(void* memory) : semaphore_(static_cast<sem_t*>(memory)) {
    MUSTER_CHECK(::sem_init(semaphore_, /*pshared=*/1, 1) == 0, "sem_init");
  }

  bool Lock(int) override {
    ::sem_wait(semaphore_);
    return false;
  }
  bool TryUnlock(int) override {
    ::sem_post(semaphore_);
    return true;
  }
  std::optional<bool> Held(int) const override { return std::nullopt; }
  std::string Leftover() const override {
    int value = 0;
    ::sem_getvalue(semaphore_, &value);
    return value != 1 ? "the permit is gone" : "";
  }

 private:
  sem_t* semaphore_;
};

template <bool kVictimReads, bool kOthersRead>
class PthreadRwlock : public HeldThing {
 public:
  explicit PthreadRwlock(void* memory) : lock_(static_cast<pthread_rwlock_t*>(memory)) {
    pthread_rwlockattr_t attributes;
    ::pthread_rwlockattr_init(&attributes);
    ::pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    MUSTER_CHECK(::pthread_rwlock_init(lock_, &attributes) == 0, "pthread_rwlock_init");
    ::pthread_rwlockattr_destroy(&attributes);
  }

  bool Lock(int participant) override {
    const bool reads = participant <= kLastVictim ? kVictimReads : kOthersRead;
    reads ? ::pthread_rwlock_rdlock(lock_) : ::pthread_rwlock_wrlock(lock_);
    return false;
  }
  bool TryUnlock(int) override {
    ::pthread_rwlock_unlock(lock_);
    return true;
  }
  std::optional<bool> Held(int) const override { return std::nullopt; }

 private:
  pthread_rwlock_t* lock_;
};

}  // namespace

std::vector<Scenario> ForceUnlockedMutexScenarios() {
  return PeerScenarios<ForceUnlocked>({.name = "nginx's shmtx, forced", .tells = false});
}

std::vector<Scenario> RobustMutexScenarios() {
  return PeerScenarios<RobustMutex>({.name = "glibc robust mutex"});
}

std::vector<Scenario> BoostMutexScenarios() {
#ifdef MUSTER_HAS_BOOST
  return PeerScenarios<BoostMutex>({.name = "boost interprocess_mutex", .tells = false});
#else
  return {};  // it is not installed
#endif
}

std::vector<Scenario> PosixSemaphoreScenarios() {
  return PeerScenarios<PosixSemaphore>({.name = "POSIX semaphore", .tells = false});
}

std::vector<Scenario> PthreadRwlockScenarios() {
  std::vector<Scenario> scenarios = PeerScenarios<PthreadRwlock<false, true>>(
      {.name = "glibc rwlock", .tells = false, .others_share = true, .variant = "writer"});
  for (Scenario& scenario : PeerScenarios<PthreadRwlock<true, false>>(
           {.name = "glibc rwlock", .tells = false, .victim_shares = true, .variant = "reader"})) {
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace muster::ipc::testing
