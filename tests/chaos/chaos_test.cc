// A bounded part of tools/chaos, with seeds that never change.

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/tests/chaos/run.h"

namespace muster::tests::chaos {
namespace {

class Chaos : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Chaos, LeavesNothingUnaccounted) {
  const RunResult result =
      Execute({.seed = GetParam(),
               .steps = 8,
               .command = absl::StrCat("tools/chaos --seed ", GetParam(), " --steps 8")});
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.requests, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chaos, ::testing::Values(1, 2));

}  // namespace
}  // namespace muster::tests::chaos
