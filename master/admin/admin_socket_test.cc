#include "muster/master/admin/admin_socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

// A Unix socket's path in a folder that does not exist yet.
class AdminSocketTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return absl::StrCat(folder_, "/run/admin"); }
  Address address() const { return *Address::Parse("unix:" + path()); }
  // A socket with that path. Nobody answers on it until it listens.
  ipc::UniqueFd Bind() const {
    std::filesystem::create_directory(absl::StrCat(folder_, "/run"));
    ipc::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket.get(), address().get(), address().size()), 0);
    return socket;
  }

  char folder_[32] = "/tmp/muster-admin-XXXXXX";
};

TEST_F(AdminSocketTest, GetsItsFolder) {
  EXPECT_EQ(PrepareAdminSocket(address()), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::is_directory(absl::StrCat(folder_, "/run")));
}

TEST_F(AdminSocketTest, IsFreeWhenNobodyAnswersOnIt) {
  Bind().reset();
  EXPECT_EQ(PrepareAdminSocket(address()), absl::OkStatus());
}

TEST_F(AdminSocketTest, IsTakenWhenAProcessAnswersOnIt) {
  const ipc::UniqueFd listener = Bind();
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const absl::Status status = PrepareAdminSocket(address());
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat(path(), ": another process (pid ", ::getpid(), ")")));
}

TEST_F(AdminSocketTest, IsTakenWhenTheProcessHasNoTimeToAccept) {
  const ipc::UniqueFd listener = Bind();
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  const ipc::UniqueFd first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(first.get(), address().get(), address().size()), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareAdminSocket(address())));
}

TEST_F(AdminSocketTest, IsAUnixSocket) {
  const absl::Status status = PrepareAdminSocket(*Address::Parse("127.0.0.1:1"));
  EXPECT_EQ(status, absl::InvalidArgumentError("127.0.0.1:1: not a Unix socket; write unix:PATH"));
}

TEST_F(AdminSocketTest, CannotBeWhereNoFolderCanBeMade) {
  const absl::Status status = PrepareAdminSocket(*Address::Parse("unix:/proc/nowhere/x"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("unix:/proc/nowhere/x: No such file or directory"));
}

TEST_F(AdminSocketTest, ListensWithItsRights) {
  const auto socket = AdminSocket::Listen(address(), {.mode = 0660});
  ASSERT_TRUE(socket.ok()) << socket.status();
  struct stat file = {};
  ASSERT_EQ(::stat(path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareAdminSocket(address())));
}

TEST_F(AdminSocketTest, LetsHundredsOfClientsWaitThatCannotWaitInConnect) {
  int most = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> most;
  if (most < 200) GTEST_SKIP() << "net.core.somaxconn is " << most;
  const auto socket = AdminSocket::Listen(address(), {});
  ASSERT_TRUE(socket.ok()) << socket.status();
  std::vector<ipc::UniqueFd> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::connect(clients.back().get(), address().get(), address().size()), 0) << i;
  }
}

TEST_F(AdminSocketTest, RemovesItsFileAtTheEnd) {
  { const auto socket = AdminSocket::Listen(address(), {}); }
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
}

TEST_F(AdminSocketTest, LeavesTheFileOfItsSuccessor) {
  auto first = AdminSocket::Listen(address(), {});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_FALSE(first->IsThere());
  const auto second = AdminSocket::Listen(address(), {});
  ASSERT_TRUE(second.ok()) << second.status();
  first = absl::CancelledError();
  EXPECT_EQ(::access(path().c_str(), F_OK), 0);
  EXPECT_TRUE(second->IsThere());
}

TEST_F(AdminSocketTest, LeavesAFileThatIsNoSocket) {
  std::filesystem::create_directories(path());
  EXPECT_FALSE(AdminSocket::Listen(address(), {}).ok());
  EXPECT_TRUE(std::filesystem::is_directory(path()));
}

}  // namespace
}  // namespace muster::master
