#include "muster/host/process_usage.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "gtest/gtest.h"

namespace muster::host {
namespace {

std::string StatOf(const std::string& name) {
  return "4711 (" + name +
         ") S 1 4711 4711 0 -1 4194560 100 0 0 0 130 20 7 7 20 0 3 0 900 100000 25 "
         "18446744073709551615 1 1 0 0\n";
}

TEST(ProcessUsage, IsReadFromTheKernelsText) {
  const auto usage = ParseProcessUsage(StatOf("worker"));
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->cpu, std::chrono::milliseconds(150 * 1000 / ::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(usage->threads, 3u);
  EXPECT_EQ(usage->resident_bytes, 25u * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(ProcessUsage, IsReadWhateverTheProcessCallsItself) {
  const auto usage = ParseProcessUsage(StatOf("a) S 1 (b)\n9 9"));
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->threads, 3u);
}

TEST(ProcessUsage, IsNotReadFromAnythingElse) {
  EXPECT_FALSE(ParseProcessUsage("").has_value());
  EXPECT_FALSE(ParseProcessUsage("4711 (x) S 1").has_value());
  EXPECT_FALSE(
      ParseProcessUsage("4711 (x) S 1 2 3 4 5 6 7 8 9 10 x 12 13 14 15 16 17 18 19 20 21 22")
          .has_value());
}

TEST(ProcessUsage, IsKnownOfALiveProcess) {
  const auto usage = UsageOf(::getpid());
  ASSERT_TRUE(usage.has_value());
  EXPECT_GE(usage->threads, 1u);
  EXPECT_GT(usage->resident_bytes, 100'000u);
}

TEST(ProcessUsage, IsNotKnownOfOneThatIsGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(UsageOf(child).has_value());
}

}  // namespace
}  // namespace muster::host
