#include "muster/bench/thread_duels.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/participants.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"

namespace muster::bench {
namespace {

// What the first thread of the round's process makes there, and the others find.
template <typename T>
class MadeOnce {
 public:
  template <typename Make>
  T& Get(Make make) {
    std::call_once(flag_, [&] { new (place_) T(make()); });
    return *std::launder(reinterpret_cast<T*>(place_));
  }

 private:
  std::once_flag flag_;
  alignas(T) char place_[sizeof(T)];
};

// A std::mutex around a plain handle.
struct ByHandMutex {
  explicit ByHandMutex(ipc::Mutex mutex) : ours(std::move(mutex)) {}
  void lock() {
    theirs.lock();
    ours.lock();
  }
  void unlock() {
    ours.unlock();
    theirs.unlock();
  }

  std::mutex theirs;
  ipc::Mutex ours;
};

template <typename Lock>
struct ThreadsCount {
  Participants participants;
  ipc::MutexState mutex;
  alignas(ipc::kCacheLineBytes) MadeOnce<Lock> lock;
  Count count;

  Lock& LockFor(int) {
    return lock.Get(
        [this] { return Lock(ipc::Mutex(&mutex, participants.registry(), participants.tag(0))); });
  }
};

// Readers of a word, which is right when it is read.
constexpr std::uint64_t kWord = 0x5eed000000000007;

template <typename State>
Contestant ReadUnder(std::string name) {
  const auto state = MakeShared<State>();
  return Contestant{.name = std::move(name),
                    .reset = [state] { new (state.get()) State(); },
                    .play =
                        [state](Turn& turn) {
                          auto&& lock = state->LockFor(turn.role());
                          std::uint64_t right = 0;
                          turn.Repeat<512>([&] {
                            lock.lock_shared();
                            right += state->word == kWord ? 1 : 0;
                            lock.unlock_shared();
                          });
                          state->right[turn.role()].value = right;
                        },
                    .check =
                        [state](std::uint64_t total) {
                          return CheckCount(state->right[0].value + state->right[1].value, total);
                        }};
}

struct ReadState {
  Participants participants;
  ipc::RwLockState<RoundPage::kMaxProcesses> rw_lock;
  alignas(ipc::kCacheLineBytes) std::uint64_t word = kWord;
  Count right[RoundPage::kMaxProcesses];

  ipc::RwLock HandleFor(int role) {
    return *ipc::RwLock::Create(&rw_lock, participants.registry(), participants.tag(role));
  }
};

struct ZoneReadState : ReadState {
  alignas(ipc::kCacheLineBytes) MadeOnce<ipc::ZoneRwLock> lock;

  ipc::ZoneRwLock& LockFor(int) {
    return lock.Get([this] { return ipc::ZoneRwLock(HandleFor(0)); });
  }
};

// A std::shared_mutex around a plain handle, of which each thread needs its own, and a tag.
struct ByHandReadState : ReadState {
  alignas(ipc::kCacheLineBytes) std::shared_mutex theirs;

  struct Lock {
    std::shared_mutex& theirs;
    ipc::RwLock ours;

    void lock_shared() {
      theirs.lock_shared();
      ours.lock_shared();
    }
    void unlock_shared() {
      ours.unlock_shared();
      theirs.unlock_shared();
    }
  };
  Lock LockFor(int role) { return Lock{theirs, HandleFor(role)}; }
};

Contestant Ours() { return CountUnder<ThreadsCount<ipc::ZoneMutex>>("ZoneMutex"); }
Contestant ByHand() { return CountUnder<ThreadsCount<ByHandMutex>>("std::mutex and Mutex"); }
Contestant OurRead() { return ReadUnder<ZoneReadState>("ZoneRwLock"); }
Contestant ByHandRead() { return ReadUnder<ByHandReadState>("std::shared_mutex and RwLock"); }

}  // namespace

std::vector<Duel> ThreadDuels() {
  return {
      {"zone mutex, alone", Processes::kOne, Ours(), ByHand(), 1.30},
      {"zone mutex, two threads", Processes::kTwoThreads, Ours(), ByHand(), 1.30},
      {"zone rwlock read, alone", Processes::kOne, OurRead(), ByHandRead(), 1.30},
      {"zone rwlock read, two threads", Processes::kTwoThreads, OurRead(), ByHandRead(), 1.30},
  };
}

}  // namespace muster::bench
