#ifndef MUSTER_IPC_LOCK_INTERNAL_IDENTITY_H_
#define MUSTER_IPC_LOCK_INTERNAL_IDENTITY_H_

#include <cstdint>

#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::ipc::internal {

// As which participant a handle acts, and whether it may: in the process that made the handle, if
// the registry shows the tag as live, until End. A value. Thread-safe, but for assignment.
class Identity {
 public:
  // Nobody's.
  Identity() = default;
  // Looks at the memory of `registry` only, and makes no system call.
  Identity(const Registry& registry, OwnerTag tag);

  OwnerTag tag() const { return tag_; }
  std::uint32_t bits() const { return tag_.bits(); }

  // For the inline paths: a load and a comparison. False: ask Confirm.
  bool holds() const { return guard_.holds(); }
  // The same, and that `word` is this participant's tag without flags. One branch for both.
  bool IsIn(std::uint32_t word) const { return ((word ^ tag_.bits()) | guard_.difference()) == 0; }
  // Looks again for a tag that the registry did not show as live when the handle was made, for its
  // line may have been damaged then. Not for a child of fork, and not after End. In one order with
  // End and with all that is sequentially consistent.
  bool Confirm(const Registry& registry) const;
  // The participant has left. From now on neither is true, in whatever thread.
  void End() {
    guard_.End();
    process_.End();
  }

 private:
  OwnerTag tag_;
  ForkGuard guard_;    // holds nowhere if the tag was not live
  ForkGuard process_;  // that made it
};

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_IDENTITY_H_
