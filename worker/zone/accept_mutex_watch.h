#ifndef MUSTER_WORKER_ZONE_ACCEPT_MUTEX_WATCH_H_
#define MUSTER_WORKER_ZONE_ACCEPT_MUTEX_WATCH_H_

#include <chrono>
#include <cstdint>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::worker {

// Looks after the accept mutex, for the master. The mutex only decides whose turn it is to accept;
// two workers that accept at once do no harm. So it is taken away from a holder that does not use
// its turn, and from a word that is damaged, rather than letting every client wait.
//
// A worker ends each turn within kLongestTurn, and counts its turns (WorkerStatus::accept_turns). A
// holder whose count did not change from one look to the next is stopped, hangs, or does not know
// that the word names it. When it goes on, it finds that the mutex is not its own any more.
//
// In the master's thread only. No call blocks.
class AcceptMutexWatch {
 public:
  static constexpr std::chrono::milliseconds kLongestTurn{250};
  // How often to look.
  static constexpr std::chrono::milliseconds kInterval{500};

  enum class Finding {
    kGood,
    kDamaged,  // the word named no live process; the mutex is free again
    kStuck,    // its holder did not go on; the mutex is free again
  };
  struct Report {
    Finding finding = Finding::kGood;
    std::uint32_t slot = 0;  // of kStuck: the holder's
  };

  // `zone`, which SharedZone::Create made, outlives it.
  explicit AcceptMutexWatch(const SharedZone& zone) : zone_(zone) {}

  Report Look();

 private:
  const SharedZone& zone_;
  // At the last look. No holder: nobody is known to have it.
  ipc::OwnerTag holder_;
  std::int64_t turns_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_ACCEPT_MUTEX_WATCH_H_
