#include "muster/worker/zone/accept_mutex_watch.h"

#include <atomic>

#include "muster/ipc/lock/mutex.h"
#include "muster/worker/zone/slot_table.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

using ipc::OwnerTag;

AcceptMutexWatch::Report AcceptMutexWatch::Look() {
  ipc::MutexState& mutex = *zone_.accept_mutex_state();
  // Relaxed: the mutex protects no memory.
  const OwnerTag holder = OwnerTag::InWord(mutex.word.load(std::memory_order_relaxed));
  const OwnerTag holder_before = holder_;
  holder_ = OwnerTag();
  if (holder == OwnerTag()) return {};
  if (!zone_.slot_table().IsLive(holder)) {
    mutex.Recover(holder);
    return {Finding::kDamaged};
  }
  const std::int64_t turns = zone_.worker_status(holder.slot()).accept_turns.value();
  if (holder == holder_before && turns == turns_) {
    mutex.Recover(holder);
    return {Finding::kStuck, holder.slot()};
  }
  holder_ = holder;
  turns_ = turns;
  return {};
}

}  // namespace muster::worker
