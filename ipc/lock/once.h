#ifndef MUSTER_IPC_LOCK_ONCE_H_
#define MUSTER_IPC_LOCK_ONCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of a once that lies in shared memory. All bytes zero: not yet done.
struct alignas(kCacheLineBytes) OnceState {
  // Who runs it, as owner_lock.h says; kDoneMark at the end. Written by who calls
  // and by Recover.
  std::atomic<std::uint32_t> word{0};

  // As MutexState::Recover. True: `dead` was running it, and the next one will.
  bool Recover(OwnerTag dead);
};
static_assert(sizeof(OnceState) == 128 && alignof(OnceState) == 128);
static_assert(offsetof(OnceState, word) == 0);
static_assert(std::is_standard_layout_v<OnceState>);
static_assert(std::is_trivially_destructible_v<OnceState>);

// Something that several processes need done, by one of them, once. If that one is
// killed, the next begins again. One handle per participant; not for several threads at once,
// not inherited over fork (a child has a tag of its own). `state` and what `registry` views
// outlive it.
//
// What `initialise` did happens before any Call that returns OK.
class Once {
 public:
  // `was_interrupted`: an initialiser died in it, and its half is there. An
  // error leaves it to be done, and is what Call returns. Must not throw.
  using Initialise = absl::FunctionRef<absl::Status(bool was_interrupted)>;

  Once(OnceState* state, const Registry& registry, OwnerTag self);

  // Runs `initialise`, or sleeps while another does; one load when it is done.
  // FailedPrecondition: `initialise` calls it again. DataLoss: the state is damaged.
  absl::Status Call(Initialise initialise) {
    if (is_done()) [[likely]]
      return absl::OkStatus();
    return CallSlowly(initialise);
  }

  // Acquire: pairs with the release at the end of Call.
  bool is_done() const { return state_->word.load(std::memory_order_acquire) == kDoneMark; }

 private:
  absl::Status CallSlowly(Initialise initialise);

  OnceState* state_;
  Registry registry_;
  OwnerTag self_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_ONCE_H_
