#include "muster/worker/sandbox/landlock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker {
namespace {

constexpr int kDone = 200;  // larger than every errno

int ErrnoOf(int result) { return result < 0 ? errno : 0; }

int OpenAnd(const std::string& path, int flags) {
  return ErrnoOf(ipc::UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0644)).get());
}

class LandlockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto version = LandlockVersion();
    if (!version.ok()) GTEST_SKIP() << version.status();
    version_ = *version;
    std::string name = absl::StrCat(::testing::TempDir(), "/landlock-XXXXXX");
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    for (const char* made : {"/open", "/closed"}) {
      ASSERT_EQ(::mkdir((folder_ + made).c_str(), 0755), 0);
      std::ofstream(folder_ + made + "/file") << "text";
    }
  }
  std::string path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  // What `attempt` returns, an errno, in a process that is restricted.
  int Restricted(const std::vector<FileRule>& rules, const std::function<int()>& attempt,
                 bool may_connect = false) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto ruleset = LandlockRuleset::Create(version_, may_connect);
      bool is_good = ruleset.ok() && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
      for (const FileRule& rule : rules) is_good = is_good && ruleset->Permit(rule).ok();
      is_good = is_good && ruleset->Restrict().ok();
      ::_exit(is_good ? attempt() : kDone);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != kDone) << "not restricted";
    return WEXITSTATUS(status);
  }

  int version_ = 0;
  std::string folder_;
};

TEST_F(LandlockTest, PermitsToReadWhatItIsTold) {
  const std::vector<FileRule> rules = {{path("open"), FileUse::kRead}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_RDONLY); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open"), O_RDONLY | O_DIRECTORY); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_WRONLY); }), EACCES);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("closed/file"), O_RDONLY); }), EACCES);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("closed"), O_RDONLY); }), EACCES);
}

TEST_F(LandlockTest, PermitsOneFileOfAFolder) {
  std::ofstream(path("open/other")) << "text";
  const std::vector<FileRule> rules = {{path("open/file"), FileUse::kRead}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_RDONLY); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/other"), O_RDONLY); }), EACCES);
}

TEST_F(LandlockTest, PermitsALogToBeMadeAnewButNotToBeRead) {
  const std::vector<FileRule> rules = {{path("open/log"), FileUse::kLog}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/log"), O_WRONLY | O_CREAT); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/log"), O_RDONLY); }), EACCES);
  EXPECT_EQ(Restricted(rules, [&] { return ErrnoOf(::unlink(path("open/log").c_str())); }), EACCES);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("closed/log"), O_WRONLY | O_CREAT); }),
            EACCES);
}

TEST_F(LandlockTest, PermitsALogToWhichALinkLeads) {
  std::ofstream(path("open/log")) << "text";
  ASSERT_EQ(::symlink(path("open/log").c_str(), path("closed/link").c_str()), 0);
  const std::vector<FileRule> rules = {{path("closed/link"), FileUse::kLog}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("closed/link"), O_WRONLY); }), 0);
}

TEST_F(LandlockTest, PermitsALogThatIsAFifoToBeOpenedForBoth) {
  ASSERT_EQ(::mkfifo(path("open/fifo").c_str(), 0644), 0);
  const std::vector<FileRule> rules = {{path("open/fifo"), FileUse::kLog}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/fifo"), O_RDWR); }), 0);
}

TEST_F(LandlockTest, PermitsADeviceWithoutItsFolder) {
  const std::vector<FileRule> rules = {{"/dev/null", FileUse::kLog}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd("/dev/null", O_WRONLY); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd("/dev/zero", O_RDONLY); }), EACCES);
}

TEST_F(LandlockTest, DoesNotPermitAnOutputThatIsAFileToBeOpenedAgain) {
  const std::vector<FileRule> rules = {{path("open/file"), FileUse::kOutput}};
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_WRONLY); }), EACCES);
  EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_RDONLY); }), EACCES);
}

TEST_F(LandlockTest, PermitsEverythingBelowAFolderToChange) {
  const std::vector<FileRule> rules = {{path("open"), FileUse::kChange}};
  const auto change = [&](const std::string& name) {
    const std::string from = path(name + "/new");
    const std::string to = path(name + "/newer");
    int error = OpenAnd(from, O_WRONLY | O_CREAT);
    if (error == 0) error = ErrnoOf(::rename(from.c_str(), to.c_str()));
    return error != 0 ? error : ErrnoOf(::unlink(to.c_str()));
  };
  EXPECT_EQ(Restricted(rules, [&] { return change("open"); }), 0);
  EXPECT_EQ(Restricted(rules, [&] { return change("closed"); }), EACCES);
}

TEST_F(LandlockTest, LeavesOutWhatDoesNotExist) {
  const std::vector<FileRule> rules = {{path("none/at/all"), FileUse::kRead},
                                       {path("none/at/all"), FileUse::kLog}};
  EXPECT_EQ(Restricted(rules, [] { return 0; }), 0);
}

TEST_F(LandlockTest, LeavesWhatIsOpenUsable) {
  const ipc::UniqueFd file(::open(path("closed/file").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(Restricted({}, [&] { return ErrnoOf(static_cast<int>(::write(file.get(), "x", 1))); }),
            0);
}

TEST_F(LandlockTest, RefusesConnectionsOverTcp) {
  if (version_ < 4) GTEST_SKIP() << "this kernel's Landlock knows no TCP";
  const auto connect = [] {
    const ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(1);
    return ErrnoOf(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  };
  EXPECT_EQ(Restricted({}, connect), EACCES);
  EXPECT_EQ(Restricted({}, connect, true), ECONNREFUSED);
}

TEST_F(LandlockTest, RefusesSignalsToProcessesOutside) {
  if (version_ < 6) GTEST_SKIP() << "this kernel's Landlock knows no signals";
  EXPECT_EQ(Restricted({}, [] { return ErrnoOf(::kill(::getppid(), 0)); }), EPERM);
  EXPECT_EQ(Restricted({}, [] { return ErrnoOf(::kill(::getpid(), 0)); }), 0);
}

TEST_F(LandlockTest, RestrictsFilesOnOlderKernelsToo) {
  for (const int newest = version_; version_ > 0; --version_) {
    SCOPED_TRACE(absl::StrCat("version ", version_, " of ", newest));
    const std::vector<FileRule> rules = {{path("open"), FileUse::kRead},
                                         {path("open"), FileUse::kChange},
                                         {path("open/log"), FileUse::kLog}};
    EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("open/file"), O_RDWR); }), 0);
    EXPECT_EQ(Restricted(rules, [&] { return OpenAnd(path("closed/file"), O_RDONLY); }), EACCES);
  }
}

TEST(Landlock, HasMoreRightsWithEachVersionUpToTheFifth) {
  EXPECT_EQ(FileRightsOf(1), 0x1fffU);
  EXPECT_EQ(FileRightsOf(2), 0x3fffU);
  EXPECT_EQ(FileRightsOf(3), 0x7fffU);
  EXPECT_EQ(FileRightsOf(4), 0x7fffU);
  EXPECT_EQ(FileRightsOf(5), 0xffffU);
  EXPECT_EQ(FileRightsOf(7), 0xffffU);
}

}  // namespace
}  // namespace muster::worker
