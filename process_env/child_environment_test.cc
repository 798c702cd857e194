#include "muster/process_env/child_environment.h"

#include <stdlib.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ChildEnvironment, IsThatOfThisProcess) {
  ::setenv("MUSTER_TEST_A", "one=two", 1);
  ::setenv("MUSTER_TEST_B", "", 1);
  EXPECT_THAT(ChildEnvironment(), Contains("MUSTER_TEST_A=one=two"));
  EXPECT_THAT(ChildEnvironment(), Contains("MUSTER_TEST_B="));
}

TEST(ChildEnvironment, HasNothingThatAServiceManagerToldThisProcess) {
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
                           "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE"}) {
    ::setenv(name, "1", 1);
  }
  const std::vector<std::string> entries = ChildEnvironment();
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_", "FDSTORE"}) {
    EXPECT_THAT(entries, Each(Not(StartsWith(name))));
  }
}

TEST(ChildEnvironment, KeepsNamesThatOnlyLookSimilar) {
  ::setenv("NOTIFY_SOCKET_OF_MINE", "1", 1);
  ::setenv("MY_LISTEN_FDS", "1", 1);
  EXPECT_THAT(ChildEnvironment(), Contains("NOTIFY_SOCKET_OF_MINE=1"));
  EXPECT_THAT(ChildEnvironment(), Contains("MY_LISTEN_FDS=1"));
}

}  // namespace
}  // namespace muster::process_env
