#include "muster/master/admin/connection/admin_socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>

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
  listen::Address address() const { return *listen::Address::Parse("unix:" + path()); }
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

TEST_F(AdminSocketTest, NeedsNothingForTcp) {
  EXPECT_EQ(PrepareAdminSocket(*listen::Address::Parse("127.0.0.1:1")), absl::OkStatus());
}

TEST_F(AdminSocketTest, CannotBeWhereNoFolderCanBeMade) {
  const absl::Status status = PrepareAdminSocket(*listen::Address::Parse("unix:/proc/nowhere/x"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("unix:/proc/nowhere/x: No such file or directory"));
}

}  // namespace
}  // namespace muster::master
