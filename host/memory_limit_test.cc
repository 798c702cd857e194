#include "muster/host/memory_limit.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace muster::host {
namespace {

class MemoryLimitTest : public testing::Test {
 protected:
  MemoryLimitTest() : root_(std::string(std::getenv("TEST_TMPDIR")) + "/cgroups") {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/a/b");
  }
  void SetLimit(const std::string& group, const std::string& text) {
    std::ofstream(root_ + group + "/memory.max") << text << "\n";
  }

  std::string root_;
};

TEST_F(MemoryLimitTest, IsTheLeastOnTheWayUp) {
  SetLimit("", "800000");
  SetLimit("/a", "300000");
  SetLimit("/a/b", "max");
  EXPECT_EQ(CgroupMemory(root_, root_ + "/a/b"), 300000u);
  EXPECT_EQ(CgroupMemory(root_, root_), 800000u);
}

TEST_F(MemoryLimitTest, IsNoneWhereNoneIsSet) {
  EXPECT_EQ(CgroupMemory(root_, root_ + "/a/b"), 0u);
  SetLimit("/a", "garbage");
  EXPECT_EQ(CgroupMemory(root_, root_ + "/a/b"), 0u);
}

TEST_F(MemoryLimitTest, KnowsThatThisMachineHasSome) { EXPECT_GT(AvailableMemory(), 1u << 20); }

}  // namespace
}  // namespace muster::host
