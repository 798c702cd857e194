// Where the real binary looks for a master.

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/testing/ctl_fixture.h"
#include "muster/ctl/testing/run_ctl.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(Ctl, TakesTheMasterFromTheEnvironment) {
  Serve();
  EXPECT_EQ(RunCtl({"workers"}, {"MUSTER_MASTER=" + socket_}).code, 0);
}

TEST_F(Ctl, PrefersTheOptionToTheEnvironment) {
  Serve();
  EXPECT_EQ(RunCtl({"--master", socket_, "workers"}, {"MUSTER_MASTER=/nowhere"}).code, 0);
}

TEST_F(Ctl, ResolvesRelativePathsFromWhereBazelRunWasCalled) {
  Serve();
  EXPECT_EQ(
      RunCtl({"--master", "unix:admin.sock", "workers"}, {"BUILD_WORKING_DIRECTORY=" + folder_})
          .code,
      0);
}

TEST_F(Ctl, FindsTheExampleSitesMasterByItself) {
  std::filesystem::create_directories(folder_ + "/examples/site/run");
  socket_ = folder_ + "/examples/site/run/admin.sock";
  Serve();
  EXPECT_EQ(RunCtl({"workers"}, {"BUILD_WORKING_DIRECTORY=" + folder_ + "/docs",
                                 "BUILD_WORKSPACE_DIRECTORY=" + folder_})
                .code,
            0);
}

TEST_F(Ctl, WithoutASocketExitsWithThreeAndSaysWhatToDo) {
  const Result result = RunCtl({"--master", socket_, "status"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.error, AllOf(StartsWith("ctl: no master there:\n  connect unix:" + socket_ +
                                             ": No such file or directory\n"),
                                  HasSubstr("tools/run"), HasSubstr("MUSTER_MASTER")));
}

TEST_F(Ctl, AtTheSocketOfAMasterThatWasKilledExitsWithThree) {
  const ipc::UniqueFd bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const Result result = RunCtl({"--master", socket_, "status"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("Connection refused"));
}

TEST_F(Ctl, WithoutAnAddressNamesAllPlacesThatItTried) {
  const Result result = RunCtl({"status"}, {"BUILD_WORKING_DIRECTORY=" + folder_});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, AllOf(HasSubstr(folder_ + "/run/admin.sock"),
                                  HasSubstr(folder_ + "/examples/site/run/admin.sock"),
                                  HasSubstr("/run/muster/admin.sock")));
}

TEST_F(Ctl, TellsHowToWriteAHost) {
  const Result result =
      RunCtl({"-m", "10.0.0.1", "status"}, {"BUILD_WORKING_DIRECTORY=" + folder_});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.error, HasSubstr("10.0.0.1: No such file or directory; for TCP write "
                                      "HOST:PORT\n"));
}

TEST_F(Ctl, DoesWithoutAHomeFolderThatIsNone) {
  Serve();
  EXPECT_EQ(RunCtl({"-m", "unix:admin.sock", "workers"},
                   {"BUILD_WORKING_DIRECTORY=" + folder_, "HOME=/dev/null"})
                .code,
            0);
  EXPECT_EQ(RunCtl({"workers"}, {"BUILD_WORKING_DIRECTORY=" + folder_, "HOME=/dev/null"}).code, 3);
}

TEST_F(Ctl, AsksNoOtherMasterIfTheFileOfMastersCannotBeRead) {
  Serve();
  std::filesystem::create_directories(folder_ + "/muster");
  std::filesystem::create_symlink("ctl.textproto", folder_ + "/muster/ctl.textproto");
  const std::vector<std::string> environment = {"XDG_CONFIG_HOME=" + folder_,
                                                "BUILD_WORKING_DIRECTORY=" + folder_};
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"workers"}, {"-m", "web", "workers"}}) {
    const Result result = RunCtl(arguments, environment);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.error, "ctl: open " + folder_ +
                                "/muster/ctl.textproto: Too many levels of symbolic links\n");
  }
  EXPECT_EQ(RunCtl({"-m", "./admin.sock", "workers"}, environment).code, 0);
}

}  // namespace
}  // namespace muster::ctl
