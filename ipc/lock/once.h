#ifndef MUSTER_IPC_LOCK_ONCE_H_
#define MUSTER_IPC_LOCK_ONCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/identity.h"
#include "muster/ipc/lock/internal/sleep_mark.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc {

// The part of a once that is in shared memory. All bytes zero: not yet done.
struct alignas(kCacheLineBytes) OnceState {
  // The participant that runs the initialiser, as described in internal/owner_lock.h; finally
  // kDoneMark. Written by callers and by Recover.
  std::atomic<std::uint32_t> word{0};
  // Written by callers that sleep.
  internal::SleepMark slept;

  // As MutexState::Recover. True: `dead` was running the initialiser, and the next caller will run
  // it again.
  bool Recover(OwnerTag dead);
  // As MutexState::Reset, for a state that Call reports as damaged. The next caller runs the
  // initialiser, with was_interrupted. What is done stays done.
  bool Reset();
};
static_assert(sizeof(OnceState) == 128 && alignof(OnceState) == 128);
static_assert(offsetof(OnceState, word) == 0 && offsetof(OnceState, slept) == 4);
static_assert(std::is_standard_layout_v<OnceState>);
static_assert(std::is_trivially_destructible_v<OnceState>);

// Runs an initialiser once for several processes, in one of them. If that process is killed, the
// next caller runs the initialiser again. One handle for each participant. A handle is for one
// thread at a time. `state` and the memory of `registry` must outlive it.
//
// Everything in `initialise` happens before the return of any Call that returns OK.
class Once {
 public:
  // `was_interrupted`: an earlier initialiser died or threw, and its work may be half done. If the
  // initialiser returns an error, Call returns it, and the next Call runs the initialiser again.
  using Initialise = absl::FunctionRef<absl::Status(bool was_interrupted)>;

  Once(OnceState* state, const Registry& registry, OwnerTag self);

  // Runs `initialise`, or sleeps while another participant does, until `deadline`. Costs one load
  // when it is done. What `initialise` throws passes through, and the next Call runs it again, with
  // was_interrupted. FailedPrecondition: `initialise` called this again; or it is not done, and
  // this is a child of fork with its parent's handle, or the registry does not show the handle's
  // tag as live, or the handle has expired. DeadlineExceeded: another participant still runs it.
  // DataLoss: the state is damaged.
  absl::Status Call(Initialise initialise, Deadline deadline = Deadline::Never()) {
    if (is_done()) [[likely]]
      return absl::OkStatus();
    return CallSlowly(initialise, deadline);
  }

  // True: everything in `initialise` happens before the return. Acquire: pairs with the release at
  // the end of Call.
  bool is_done() const { return state_->word.load(std::memory_order_acquire) == kDoneMark; }

  // As Mutex::Expire: from now on Call returns FailedPrecondition, unless it is done. What
  // `initialise` is doing then is not taken for done either.
  void Expire() { self_.End(); }

 private:
  absl::Status CallSlowly(Initialise initialise, Deadline deadline);

  OnceState* state_;
  Registry registry_;
  internal::Identity self_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_ONCE_H_
