#include "muster/ipc/lock/internal/agreed_count.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::ipc::internal {
namespace {

absl::Status Agree(std::atomic<std::uint32_t>& agreed, std::size_t count) {
  return AgreeOnCount(agreed, count, "lock", "slots");
}

TEST(AgreedCount, IsThatOfTheFirst) {
  std::atomic<std::uint32_t> agreed{0};
  EXPECT_TRUE(Agree(agreed, 8).ok());
  EXPECT_EQ(agreed, 8u);
  EXPECT_TRUE(Agree(agreed, 8).ok());
}

TEST(AgreedCount, IsNotChangedByWhoHasAnother) {
  std::atomic<std::uint32_t> agreed{64};
  EXPECT_EQ(Agree(agreed, 8),
            absl::InvalidArgumentError("lock: this program uses 8 slots, the memory has 64"));
  EXPECT_EQ(agreed, 64u);
}

TEST(AgreedCount, IsNotZero) {
  std::atomic<std::uint32_t> agreed{0};
  EXPECT_EQ(Agree(agreed, 0), absl::InvalidArgumentError("lock: it cannot have 0 slots"));
  EXPECT_EQ(agreed, 0u);
}

}  // namespace
}  // namespace muster::ipc::internal
