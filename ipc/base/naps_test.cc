#include "muster/ipc/base/naps.h"

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(Naps, AreAtLeastAsLongAsTheySay) {
  Naps naps;
  const Deadline first = Deadline::After(absl::Microseconds(50));
  naps.Take(Deadline::Never());
  EXPECT_TRUE(first.has_passed());
  const Deadline second = Deadline::After(absl::Microseconds(100));
  naps.Take(Deadline::Never());
  EXPECT_TRUE(second.has_passed());
}

}  // namespace
}  // namespace muster::ipc
