#include "muster/bench/mutex_duels.h"

#include "muster/bench/boost_mutex.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/participants.h"
#include "muster/bench/pthread_peers.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/spinlock.h"

namespace muster::bench {
namespace {

struct OurMutexCount {
  Participants participants;
  ipc::MutexState mutex;
  Count count;

  ipc::Mutex LockFor(int role) {
    return ipc::Mutex(&mutex, participants.registry(), participants.tag(role));
  }
};

struct OurSpinlockCount {
  Participants participants;
  ipc::SpinlockState spinlock;
  Count count;

  ipc::Spinlock LockFor(int role) {
    return ipc::Spinlock(&spinlock, participants.registry(), participants.tag(role));
  }
};

Contestant Ours() { return CountUnder<OurMutexCount>("Mutex"); }
Contestant Robust() { return CountUnder<LockedCount<RobustPthreadMutex>>("robust pthread_mutex"); }

}  // namespace

std::vector<Duel> MutexDuels() {
  std::vector<Duel> duels = {
      {"mutex, alone", Processes::kOne, Ours(), Robust(), 0.55},
      {"mutex, two processes", Processes::kTwo, Ours(), Robust(), 0.30},
  };
#ifdef BENCH_HAS_BOOST
  const auto boost = [] { return CountUnder<LockedCount<BoostMutex>>("boost interprocess_mutex"); };
  duels.push_back({"mutex, alone", Processes::kOne, Ours(), boost(), 0.85});
  duels.push_back({"mutex, two processes", Processes::kTwo, Ours(), boost(), std::nullopt});
#endif
  duels.push_back({"spinlock, alone", Processes::kOne, CountUnder<OurSpinlockCount>("Spinlock"),
                   CountUnder<LockedCount<PthreadSpinlock>>("pthread_spin"), 0.60});
  return duels;
}

}  // namespace muster::bench
