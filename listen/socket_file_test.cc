#include "muster/listen/socket_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::listen {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

// Under /tmp, for a Unix socket's path must be short.
class SocketFileTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path() const { return absl::StrCat(folder_, "/x"); }
  Address address() const { return *Address::Parse("unix:" + path()); }

  // A file that its process never removed.
  void LeaveASocketBehind() const {
    const ipc::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), address().get(), address().size()), 0);
  }

  char folder_[32] = "/tmp/muster-socket-XXXXXX";
};

ipc::UniqueFd UnixSocket() {
  return ipc::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// With a umask that takes from every mode.
class NarrowMask {
 public:
  NarrowMask() : before_(::umask(0077)) {}
  ~NarrowMask() { ::umask(before_); }

 private:
  const mode_t before_;
};

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

bool Connects(const Address& address) {
  const ipc::UniqueFd fd = UnixSocket();
  return ::connect(fd.get(), address.get(), address.size()) == 0;
}

TEST_F(SocketFileTest, IsTheMastersAloneUnlessMoreIsWanted) {
  const ipc::UniqueFd fd = UnixSocket();
  const auto file = SocketFile::Bind(fd.get(), address(), {});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ModeOf(path()), 0600u);
  EXPECT_TRUE(file->IsThere());
}

TEST_F(SocketFileTest, HasItsModeWhateverTheUmask) {
  const NarrowMask mask;
  const ipc::UniqueFd fd = UnixSocket();
  auto file = SocketFile::Bind(fd.get(), address(), {.mode = 0666});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ModeOf(path()), 0666u);
  ASSERT_TRUE(file->SetRights({.mode = 0060}).ok());
  EXPECT_EQ(ModeOf(path()), 0060u);
}

TEST_F(SocketFileTest, IsGivenToItsOwnerAndGroup) {
  const ipc::UniqueFd fd = UnixSocket();
  const auto file =
      SocketFile::Bind(fd.get(), address(), {.owner = ::geteuid(), .group = ::getegid()});
  ASSERT_TRUE(file.ok()) << file.status();
  struct stat status = {};
  ASSERT_EQ(::lstat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, ::geteuid());
  EXPECT_EQ(status.st_gid, ::getegid());
}

// Nobody may give it a file but the machine's root.
constexpr uid_t kStranger = 12345;
constexpr char kMayGive[] = "this user may give files to everybody";

TEST_F(SocketFileTest, KeepsItsRightsWhenItCannotHaveOthers) {
  const ipc::UniqueFd fd = UnixSocket();
  auto file = SocketFile::Bind(fd.get(), address(), {.mode = 0640});
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::Status status = file->SetRights({.mode = 0606, .owner = kStranger});
  if (status.ok()) GTEST_SKIP() << kMayGive;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("chown unix:", path(), " to ", kStranger)));
  EXPECT_EQ(ModeOf(path()), 0640u);
  EXPECT_EQ(file->rights().mode, 0640u);
}

TEST_F(SocketFileTest, IsNotMadeWhenItCannotHaveItsRights) {
  const ipc::UniqueFd fd = UnixSocket();
  const auto file = SocketFile::Bind(fd.get(), address(), {.owner = kStranger});
  if (file.ok()) GTEST_SKIP() << kMayGive;
  EXPECT_FALSE(fs::exists(fs::symlink_status(path())));
}

TEST_F(SocketFileTest, ReplacesOneThatADeadProcessLeft) {
  LeaveASocketBehind();
  EXPECT_TRUE(SocketFile::Probe(address()).ok());
  const ipc::UniqueFd fd = UnixSocket();
  const auto file = SocketFile::Bind(fd.get(), address(), {});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(::listen(fd.get(), 8), 0);
  EXPECT_TRUE(Connects(address()));
}

TEST_F(SocketFileTest, LeavesOneThatAnswers) {
  const ipc::UniqueFd first = UnixSocket();
  const auto file = SocketFile::Bind(first.get(), address(), {});
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::listen(first.get(), 8), 0);
  const ipc::UniqueFd second = UnixSocket();
  const absl::Status status = SocketFile::Bind(second.get(), address(), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another process listens there"));
  EXPECT_EQ(SocketFile::Probe(address()), status);
  EXPECT_TRUE(Connects(address()));
}

TEST_F(SocketFileTest, LeavesWhatIsNoSocket) {
  std::ofstream(path()) << "x";
  const ipc::UniqueFd fd = UnixSocket();
  const absl::Status status = SocketFile::Bind(fd.get(), address(), {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("the file there is no socket"));
  EXPECT_EQ(SocketFile::Probe(address()), status);
  EXPECT_TRUE(fs::is_regular_file(path()));
}

TEST_F(SocketFileTest, IsRemovedAtTheEnd) {
  const ipc::UniqueFd fd = UnixSocket();
  { ASSERT_TRUE(SocketFile::Bind(fd.get(), address(), {}).ok()); }
  EXPECT_FALSE(fs::exists(fs::symlink_status(path())));
}

TEST_F(SocketFileTest, LeavesTheFileThatReplacedIt) {
  const ipc::UniqueFd fd = UnixSocket();
  const ipc::UniqueFd next = UnixSocket();
  {
    auto file = SocketFile::Bind(fd.get(), address(), {});
    ASSERT_TRUE(file.ok());
    ::unlink(path().c_str());
    EXPECT_FALSE(file->IsThere());
    ASSERT_EQ(::bind(next.get(), address().get(), address().size()), 0);
    const mode_t mode = ModeOf(path());
    EXPECT_FALSE(file->IsThere());
    const absl::Status status = file->SetRights({.mode = 0666});
    EXPECT_EQ(status.message(),
              absl::StrCat("unix:", path(), ": its file was removed or replaced"));
    EXPECT_EQ(ModeOf(path()), mode);
  }
  EXPECT_TRUE(fs::exists(fs::symlink_status(path())));
}

TEST_F(SocketFileTest, IsRemovedByAProgramThatTookItOverOnceItOwnsIt) {
  const ipc::UniqueFd fd = UnixSocket();
  // As after an exec, when nobody destroys what the program before had.
  auto* const before = new SocketFile(*SocketFile::Bind(fd.get(), address(), {.mode = 0640}));
  {
    const auto next = SocketFile::Restore(address(), before->Save());
    EXPECT_TRUE(next.IsThere());
    EXPECT_EQ(next.rights(), before->rights());
  }
  EXPECT_TRUE(fs::exists(path())) << "it only tried";
  {
    auto next = SocketFile::Restore(address(), before->Save());
    next.Own();
  }
  EXPECT_FALSE(fs::exists(path()));
  delete before;
}

TEST_F(SocketFileTest, IsNotRemovedByAChildOfFork) {
  const ipc::UniqueFd fd = UnixSocket();
  auto file = std::make_unique<SocketFile>(*SocketFile::Bind(fd.get(), address(), {}));
  const pid_t child = ::fork();
  if (child == 0) {
    file.reset();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(fs::exists(path()));
  file.reset();
  EXPECT_FALSE(fs::exists(path()));
}

}  // namespace
}  // namespace muster::listen
