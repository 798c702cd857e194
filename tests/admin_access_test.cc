// Who may call what on the admin socket of the real master. docs/SUPERVISION.md.

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

// The usual configuration with `more` in its admin.
std::string WithAdmin(const std::string& more) {
  return absl::StrReplaceAll(RunningMaster::Config(),
                             {{"\"unix:admin.sock\"", absl::StrCat("\"unix:admin.sock\" ", more)}});
}

TEST(AdminAccess, IsWhatTheRulesSayUntilAReloadChangesThem) {
  RunningMaster muster;
  muster.WriteConfig(WithAdmin("deny { name: 'freeze' principal: '*' method: 'Reload' }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const Finished refused = muster.Ctl({"reload"});
  EXPECT_EQ(refused.exit, 1) << refused.errors;
  EXPECT_THAT(refused.errors, HasSubstr("may not call Reload: rule \"freeze\" of admin.deny"));
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
  EXPECT_THAT(
      muster.master().errors(),
      HasSubstr("code=PERMISSION_DENIED message=\"rule \\\"freeze\\\" of admin.deny refuses it\""));
  EXPECT_EQ(muster.Status().master().generation(), 1u);

  muster.WriteConfig(WithAdmin(""));
  ASSERT_EQ(::kill(muster.master().pid(), SIGHUP), 0);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.master().generation() == 2; }));
  const Finished allowed = muster.Ctl({"reload"});
  EXPECT_EQ(allowed.exit, 0) << allowed.errors;
}

TEST(AdminAccess, IsNotGrantedByMistakesInTheRules) {
  RunningMaster muster;
  muster.WriteConfig(WithAdmin("allow { name: 'r' principal: 'alice' role: VIEWER }"));
  const Finished master = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_NE(master.exit, 0);
  EXPECT_THAT(master.errors,
              HasSubstr("admin.allow[0].principal[0]: \"alice\" is not a principal"));
}

// Another user than the master's, who may connect to the socket.
TEST(AdminAccess, IsRefusedToOtherUsersUnlessARuleAllowsIt) {
  constexpr uid_t kOther = 54321;
  RunningMaster muster;
  muster.WriteConfig(
      WithAdmin("mode: '0666' allow { name: 'look' principal: 'uid:54321' role: VIEWER }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  // Where the other user may read and run it.
  ASSERT_EQ(::chmod(muster.folder().c_str(), 0755), 0);
  const std::string ctl = muster.path("ctl");
  std::filesystem::copy_file("ctl/ctl", ctl);
  ASSERT_EQ(::chmod(ctl.c_str(), 0755), 0);
  const auto run = [&](const std::string& command) {
    ChildProcess child(
        muster.folder(), {ctl, "-m", "unix:" + muster.path("admin.sock"), command}, {}, [] {
          return ::setgroups(0, nullptr) == 0 && ::setresgid(kOther, kOther, kOther) == 0 &&
                 ::setresuid(kOther, kOther, kOther) == 0;
        });
    const int code = child.Wait().value_or(-1);
    return std::pair(code, child.errors());
  };
  const auto [looked, look_errors] = run("status");
  if (looked == 125) GTEST_SKIP() << "only root can act as another user, who must exist here";
  EXPECT_EQ(looked, 0) << look_errors;
  const auto [reloaded, errors] = run("reload");
  EXPECT_EQ(reloaded, 1);
  EXPECT_THAT(errors, HasSubstr("uid 54321"));
  EXPECT_THAT(errors, HasSubstr("may not call Reload: no rule of admin.allow allows it"));
}

}  // namespace
}  // namespace muster::tests
