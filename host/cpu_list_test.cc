#include "muster/host/cpu_list.h"

#include <sched.h>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::host {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

TEST(CpuList, HasNumbersAndRangesInTheirOrderEachOnce) {
  const auto cpus = ParseCpuList("8,0-3,2");
  ASSERT_TRUE(cpus.ok()) << cpus.status();
  EXPECT_THAT(*cpus, ElementsAre(0, 1, 2, 3, 8));
}

TEST(CpuList, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "1,", "3-1", "1-2-3", "-1", " 1", "70000"}) {
    EXPECT_EQ(ParseCpuList(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(CpuList, OfAThreadIsItsAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(before), &before), 0);
  const std::vector<int> all = AffinityCpuList();
  EXPECT_THAT(all.size(), Eq(static_cast<std::size_t>(CPU_COUNT(&before))));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(all.back(), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);

  EXPECT_THAT(AffinityCpuList(), ElementsAre(all.back()));
}

}  // namespace
}  // namespace muster::host
