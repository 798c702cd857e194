// A log on a file system that does not answer keeps neither clients nor operators waiting.

#include <unistd.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/logs/hung_file_system.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

TEST(HungLog, IsToldByAReopenAndStopsNothing) {
  RunningMaster muster(absl::StrReplaceAll(RunningMaster::Config("log { path: 'error.log' }"),
                                           {{"access.log", "logs/access.log"}}));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  auto hung = master::HungFileSystem::Mount(muster.path("logs"));
  if (!hung.ok()) GTEST_SKIP() << hung.status();

  const Finished reopen = muster.Ctl({"reopen"});

  EXPECT_EQ(reopen.exit, 1);
  const std::string log = muster.path("logs/access.log");
  EXPECT_THAT(reopen.errors,
              HasSubstr(absl::StrCat("http.access_log.path: open ", log, ": still opening ", log)));
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());

  hung->End();
  EXPECT_EQ(muster.Ctl({"quit"}).exit, 0);
}

}  // namespace
}  // namespace muster::tests
