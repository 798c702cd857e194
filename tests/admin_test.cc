// The admin socket of the real master: clients that come when there are no descriptors, the
// socket's file, and paths with odd characters. docs/SUPERVISION.md and docs/CTL.md.

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/await.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat file = {};
  return ::stat(path.c_str(), &file) == 0 ? file.st_mode & 0777 : 0;
}

// The usual configuration with `more` in its admin.
std::string WithAdmin(const std::string& more) {
  return absl::StrReplaceAll(RunningMaster::Config(),
                             {{"\"unix:admin.sock\"", absl::StrCat("\"unix:admin.sock\" ", more)}});
}

std::string Program(const std::string& name) { return std::filesystem::absolute(name).string(); }

ipc::UniqueFd Listen(const std::string& path) {
  ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(fd.get(), 1), 0);
  return fd;
}

TEST(AdminSocket, IsServedAgainAfterAMomentWithoutDescriptors) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  rlimit usual = {};
  ASSERT_EQ(::prlimit(muster.master().pid(), RLIMIT_NOFILE, nullptr, &usual), 0);
  const rlimit none = {.rlim_cur = 3, .rlim_max = usual.rlim_max};
  ASSERT_EQ(::prlimit(muster.master().pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  auto early = std::async(std::launch::async, [&] {
    return muster.Ctl({"--timeout", "60s", "status"});
  });
  EXPECT_TRUE(Await([&] {
    return absl::StrContains(muster.master().errors(), "admin: no connection can be taken: accept");
  }));
  ASSERT_EQ(::prlimit(muster.master().pid(), RLIMIT_NOFILE, &usual, nullptr), 0);
  const Finished answered = early.get();
  EXPECT_EQ(answered.exit, 0) << answered.errors;
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
}

TEST(AdminSocket, IsPutBackByAReloadAfterItWasRemoved) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(::unlink(muster.path("admin.sock").c_str()), 0);
  muster.master().Signal(SIGHUP);
  EXPECT_TRUE(Await([&] { return ::access(muster.path("admin.sock").c_str(), F_OK) == 0; }));
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
  EXPECT_THAT(muster.master().errors(), HasSubstr("the file of the admin socket was removed"));
}

TEST(AdminSocket, IsPutBackWithoutAReload) {
  RunningMaster muster(WithAdmin("mode: '0640'"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(::unlink(muster.path("admin.sock").c_str()), 0);
  EXPECT_TRUE(Await([&] { return muster.Ctl({"status"}).exit == 0; }));
  EXPECT_EQ(ModeOf(muster.path("admin.sock")), 0640u);
}

TEST(AdminSocket, TellsWhyItCannotBePutBack) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  WriteFile(muster.path("file"), "");
  std::filesystem::rename(muster.path("file"), muster.path("admin.sock"));
  EXPECT_TRUE(Await([&] {
    return absl::StrContains(muster.master().errors(),
                             "the file of the admin socket was removed, and cannot be put back: ");
  }));
}

TEST(AdminSocket, LeavesTheFileThatIsAnothersByNow) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ipc::UniqueFd other = Listen(muster.path("other.sock"));
  std::filesystem::rename(muster.path("other.sock"), muster.path("admin.sock"));
  muster.master().Signal(SIGHUP);
  EXPECT_TRUE(Await([&] {
    return absl::StrContains(muster.master().errors(), "another process listens there");
  }));
  muster.master().Signal(SIGTERM);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_EQ(::access(muster.path("admin.sock").c_str(), F_OK), 0);
}

TEST(AdminSocket, HasTheModeThatTheConfigurationSays) {
  const auto config = [](const std::string& mode) {
    return WithAdmin(absl::StrCat("mode: '", mode, "'"));
  };
  // The folder is nobody else's, so that the wider mode lets nobody in.
  RunningMaster muster(config("0660"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_EQ(ModeOf(muster.path("admin.sock")), 0660u);
  muster.WriteConfig(config("0640"));
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(ModeOf(muster.path("admin.sock")), 0640u);
}

TEST(AdminSocket, RefusesAnOwnerThatDoesNotExist) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(WithAdmin("\n  owner: 'nosuchuser'"));
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("muster.textproto:5:10: admin.owner: \"nosuchuser\""));
}

TEST(AdminSocket, MayBeInAFolderWithOddCharacters) {
  const std::string odd = "100%25 #1?";
  std::string config = RunningMaster::Config();
  config.replace(config.find("unix:admin.sock"), 15, absl::StrCat("unix:", odd, "/admin.sock"));
  RunningMaster muster(config);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto run = [&](const std::vector<std::string>& arguments) {
    ChildProcess child(muster.folder(), arguments, {},
                       [&] { return ::chdir(muster.folder().c_str()) == 0; });
    const int exit = child.Wait().value_or(-1);
    return absl::StrCat(exit, " ", child.errors());
  };
  const std::string ctl = Program("ctl/ctl");
  const std::string path = absl::StrCat(odd, "/admin.sock");
  EXPECT_EQ(run({ctl, "-m", absl::StrCat("unix:", muster.path(path)), "status"}), "0 ");
  EXPECT_EQ(run({ctl, "-m", absl::StrCat("unix:", path), "status"}), "0 ");
  EXPECT_EQ(run({ctl, "-m", path, "status"}), "0 ");
  EXPECT_EQ(run({ctl, "-m", muster.path(path), "reload"}), "0 ");
  EXPECT_EQ(run({Program("master/master"), "-c", muster.path("muster.textproto"), "-s", "quit"}),
            "0 ");
  EXPECT_EQ(muster.master().Wait(), 0);
}

TEST(AdminSocket, TellsInTheLogWhoAskedForAChange) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_EQ(muster.Ctl({"reopen"}).exit, 0);
  EXPECT_THAT(muster.master().errors(),
              HasSubstr(absl::StrCat("admin: reopen asked for over the socket by uid ", ::getuid(),
                                     " (pid ")));
}

}  // namespace
}  // namespace muster::tests
