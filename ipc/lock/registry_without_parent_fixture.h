#ifndef MUSTER_IPC_LOCK_REGISTRY_WITHOUT_PARENT_FIXTURE_H_
#define MUSTER_IPC_LOCK_REGISTRY_WITHOUT_PARENT_FIXTURE_H_

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {

inline bool HoldsNothing(OwnerTag) { return true; }

// A registry whose participants claim their slots, in a segment that children of this process
// share.
class RegistryWithoutParent : public ::testing::Test {
 protected:
  const Registry& registry() const { return zone_.registry(); }
  // As a process does that opens the segment by name.
  absl::StatusOr<Registry> AttachWith(const Liveness* liveness) const {
    return Registry::Attach(zone_.memory().data(), zone_.memory().size_bytes(), liveness);
  }
  // What `body` returns is the tag of a participant that is dead.
  template <typename Body>
  OwnerTag TagOfADead(Body body) {
    ForkedChild child([&] {
      *bits_ = body().bits();
      return 0;
    });
    EXPECT_EQ(child.Join(), 0);
    return OwnerTag::InWord(*bits_);
  }

  TestZone zone_{TestZone::Parent::kNone};
  std::atomic<std::uint32_t>* bits_ = zone_.Place<std::atomic<std::uint32_t>>();
  Gate* ready_ = zone_.Place<Gate>();
  Gate* never_ = zone_.Place<Gate>();
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_REGISTRY_WITHOUT_PARENT_FIXTURE_H_
