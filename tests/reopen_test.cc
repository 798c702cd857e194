#include <sys/stat.h>

#include <cstdio>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Reopen, WritesToANewFileAfterTheOldOneWasMoved) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_TRUE(FetchOnce(muster.address(), "/?before").has_value());
  ASSERT_EQ(std::rename(muster.path("access.log").c_str(), muster.path("moved.log").c_str()), 0);

  const Finished reopen = muster.Ctl({"reopen"});

  ASSERT_EQ(reopen.exit, 0) << reopen.errors;
  ASSERT_TRUE(FetchOnce(muster.address(), "/?after").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_THAT(ReadFile(muster.path("moved.log")), HasSubstr("GET /?before HTTP/1.1\" 200"));
  EXPECT_THAT(ReadFile(muster.path("moved.log")), Not(HasSubstr("after")));
  EXPECT_THAT(ReadFile(muster.path("access.log")), HasSubstr("GET /?after HTTP/1.1\" 200"));
}

TEST(Reopen, TellsOfTheFileThatCannotBeOpenedAndGoesOnWithTheOld) {
  RunningMaster muster(RunningMaster::Config());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(std::rename(muster.path("access.log").c_str(), muster.path("moved.log").c_str()), 0);
  ASSERT_EQ(::mkdir(muster.path("access.log").c_str(), 0700), 0);

  const Finished reopen = muster.Ctl({"reopen"});

  EXPECT_EQ(reopen.exit, 1);
  EXPECT_THAT(reopen.errors, HasSubstr("access.log: Is a directory"));
  ASSERT_TRUE(FetchOnce(muster.address(), "/?later").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_THAT(ReadFile(muster.path("moved.log")), HasSubstr("GET /?later"));
}

}  // namespace
}  // namespace muster::tests
