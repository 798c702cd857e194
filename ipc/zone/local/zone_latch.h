#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_LATCH_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_LATCH_H_

#include <cstdint>
#include <mutex>
#include <optional>

#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/latch.h"

namespace muster::ipc {

// A Latch whose writers may be all threads of a participant: they write one after another. One
// object for each latch and process. Readers are as in Latch, and wait for nobody. That only one
// participant at a time writes is still up to the program.
//
// Thread-safe. No thread may be in a call when it is destroyed. Memory as in Latch.
template <typename Value>
class ZoneLatch {
 public:
  explicit ZoneLatch(Latch<Value> latch) : latch_(latch) {}
  ZoneLatch(const ZoneLatch&) = delete;
  ZoneLatch& operator=(const ZoneLatch&) = delete;

  // Waits while another thread of this process writes. False: this process is a child of fork of
  // the one that made the latch, or the latch has expired. Nothing was written.
  bool Write(const Value& value) {
    // Before the lock, which a thread of the parent may have had at the fork.
    if (!guard_.holds()) return false;
    const std::lock_guard lock(writing_);
    if (!guard_.holds()) return false;
    latch_.Write(value);
    return true;
  }
  // The participant is to leave: from now on nothing is written. Waits for a thread that writes.
  void Expire() {
    const std::lock_guard lock(writing_);
    guard_.End();
  }

  Value Read() const { return latch_.Read(); }
  std::optional<Value> TryRead(int attempts) const { return latch_.TryRead(attempts); }
  std::uint64_t version() const { return latch_.version(); }

 private:
  ForkGuard guard_ = ForkGuard::OfThisProcess();
  Latch<Value> latch_;
  std::mutex writing_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_LATCH_H_
