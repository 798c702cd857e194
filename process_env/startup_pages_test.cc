#include "muster/process_env/startup_pages.h"

#include <cstdint>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

// What is in memory of mapped files.
std::int64_t FileBytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    std::int64_t kib = 0;
    if (word == "RssFile:" && file >> kib) return kib * 1024;
  }
  return 0;
}

TEST(StartupPages, AreGivenBackAndComeAgainAsTheyWere) {
  static const char constants[] = "as they were";
  static int variable = 1;
  variable = 2;
  const std::int64_t before = FileBytes();

  ReleaseStartupPages();

  EXPECT_LT(FileBytes(), before / 2);
  EXPECT_EQ(std::string(constants), "as they were");
  EXPECT_EQ(variable, 2);
}

}  // namespace
}  // namespace muster::process_env
