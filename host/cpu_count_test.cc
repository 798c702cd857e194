#include "muster/host/cpu_count.h"

#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace muster::host {
namespace {

class CpuCountTest : public testing::Test {
 protected:
  CpuCountTest() : root_(std::string(std::getenv("TEST_TMPDIR")) + "/cgroups") {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/a/b");
  }
  void SetQuota(const std::string& group, const std::string& text) {
    std::ofstream(root_ + group + "/cpu.max") << text << "\n";
  }

  std::string root_;
};

TEST_F(CpuCountTest, TakesTheSmallestQuotaOnTheWayUp) {
  SetQuota("", "800000 100000");
  SetQuota("/a", "300000 100000");
  SetQuota("/a/b", "max 100000");
  EXPECT_EQ(CgroupCpus(root_, root_ + "/a/b"), 3u);
  EXPECT_EQ(CgroupCpus(root_, root_), 8u);
}

TEST_F(CpuCountTest, RoundsAPartOfAProcessorUp) {
  SetQuota("/a", "150000 100000");
  EXPECT_EQ(CgroupCpus(root_, root_ + "/a"), 2u);
  SetQuota("/a", "10000 100000");
  EXPECT_EQ(CgroupCpus(root_, root_ + "/a"), 1u);
}

TEST_F(CpuCountTest, FindsNoQuotaWhereNoneIsSet) {
  EXPECT_EQ(CgroupCpus(root_, root_ + "/a/b"), 0u);
  SetQuota("/a", "garbage");
  EXPECT_EQ(CgroupCpus(root_, root_ + "/a/b"), 0u);
}

TEST_F(CpuCountTest, CountsOnlyProcessorsOfTheAffinityMask) {
  cpu_set_t all;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(all), &all), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(UsableCpus(), 1u);
  ::sched_setaffinity(0, sizeof(all), &all);
}

}  // namespace
}  // namespace muster::host
