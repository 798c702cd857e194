// Each command of ctl takes one stream of the admin service at most: a caller may be allowed no
// more.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OneStream : public testing::Test {
 protected:
  RunningMaster muster_{absl::StrReplaceAll(
      RunningMaster::Config(),
      {{"listen: \"unix:admin.sock\"", "listen: 'unix:admin.sock' streams_per_caller: 1"}})};
};

class OneStreamOf : public OneStream,
                    public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(OneStreamOf, IsEnough) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const Finished finished = muster_.Ctl(GetParam());
  EXPECT_EQ(finished.exit, 0) << finished.errors;
  EXPECT_THAT(finished.output, HasSubstr("generation 1 is ready"));
  EXPECT_THAT(muster_.master().errors(), Not(HasSubstr("RESOURCE_EXHAUSTED")));
}

INSTANTIATE_TEST_SUITE_P(Each, OneStreamOf,
                         testing::Values(std::vector<std::string>{"events"},
                                         std::vector<std::string>{"diagnose", "-"}));

// They show events on a screen only, or go on for ever.
TEST_F(OneStream, IsEnoughToLookForLong) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const Finished top = muster_.Ctl({"top", "--count", "3", "--interval", "100ms"});
  EXPECT_EQ(top.exit, 0) << top.errors;
  EXPECT_THAT(muster_.master().errors(), Not(HasSubstr("RESOURCE_EXHAUSTED")));
}

TEST_F(OneStream, IsEnoughToFollow) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const std::string ctl = std::filesystem::absolute("ctl/ctl").string();
  const ChildProcess follower(muster_.folder(),
                              {ctl, "-m", muster_.path("admin.sock"), "events", "-f"});
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(follower.output(), "generation 1 is ready");
  })) << follower.output()
      << follower.errors();
  // One more is too many, and the master is watched without its events.
  EXPECT_EQ(muster_.Ctl({"top", "--count", "2", "--interval", "100ms"}).exit, 0);
  EXPECT_EQ(muster_.Ctl({"events"}).exit, 1);
}

}  // namespace
}  // namespace muster::tests
