#ifndef MUSTER_BENCH_PTHREAD_PEERS_H_
#define MUSTER_BENCH_PTHREAD_PEERS_H_

#include <pthread.h>

#include <cerrno>

#include "muster/ipc/base/check.h"

namespace muster::bench {

// glibc's locks for shared memory, used as their manual demands: with each result
// looked at.

class RobustPthreadMutex {
 public:
  RobustPthreadMutex() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    MUSTER_CHECK(::pthread_mutex_init(&mutex_, &attributes) == 0, "pthread_mutex_init");
    ::pthread_mutexattr_destroy(&attributes);
  }
  void lock() { MUSTER_CHECK(::pthread_mutex_lock(&mutex_) == 0, "pthread_mutex_lock"); }
  void unlock() { MUSTER_CHECK(::pthread_mutex_unlock(&mutex_) == 0, "pthread_mutex_unlock"); }
  bool try_lock() {
    const int error = ::pthread_mutex_trylock(&mutex_);
    MUSTER_CHECK(error == 0 || error == EBUSY, "pthread_mutex_trylock");
    return error == 0;
  }

 private:
  pthread_mutex_t mutex_;
};

class PthreadSpinlock {
 public:
  PthreadSpinlock() {
    MUSTER_CHECK(::pthread_spin_init(&lock_, PTHREAD_PROCESS_SHARED) == 0, "pthread_spin_init");
  }
  void lock() { MUSTER_CHECK(::pthread_spin_lock(&lock_) == 0, "pthread_spin_lock"); }
  void unlock() { MUSTER_CHECK(::pthread_spin_unlock(&lock_) == 0, "pthread_spin_unlock"); }

 private:
  pthread_spinlock_t lock_;
};

class PthreadRwLock {
 public:
  PthreadRwLock() {
    pthread_rwlockattr_t attributes;
    ::pthread_rwlockattr_init(&attributes);
    ::pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    MUSTER_CHECK(::pthread_rwlock_init(&lock_, &attributes) == 0, "pthread_rwlock_init");
    ::pthread_rwlockattr_destroy(&attributes);
  }
  void lock_shared() {
    MUSTER_CHECK(::pthread_rwlock_rdlock(&lock_) == 0, "pthread_rwlock_rdlock");
  }
  void unlock_shared() {
    MUSTER_CHECK(::pthread_rwlock_unlock(&lock_) == 0, "pthread_rwlock_unlock");
  }

 private:
  pthread_rwlock_t lock_;
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_PTHREAD_PEERS_H_
