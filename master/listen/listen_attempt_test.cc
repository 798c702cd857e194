#include "muster/master/listen/listen_attempt.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/listen/address.h"

namespace muster::master {
namespace {

// Under /tmp, for a Unix socket's path must be short.
class ListenAttemptTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_), nullptr); }
  void TearDown() override {
    ::unlink(path().c_str());
    ::rmdir(folder_);
  }
  std::string path() const { return absl::StrCat(folder_, "/x"); }
  static std::shared_ptr<Listener> Bind(const std::string& address,
                                        const listen::SocketRights& rights = {}) {
    return std::make_shared<Listener>(*Listener::Bind(*listen::Address::Parse(address), rights));
  }
  struct stat File() const {
    struct stat file = {};
    EXPECT_EQ(::lstat(path().c_str(), &file), 0);
    return file;
  }

  char folder_[32] = "/tmp/muster-attempt-XXXXXX";
};

TEST_F(ListenAttemptTest, GivesAFileItsModeBackUnlessItIsKept) {
  const auto socket = Bind("unix:" + path());
  {
    ListenAttempt attempt;
    ASSERT_TRUE(attempt.SetRights(socket, {.mode = 0666}).ok());
    ASSERT_TRUE(attempt.SetRights(socket, {.mode = 0660}).ok());
    EXPECT_EQ(File().st_mode & 0777, 0660u);
  }
  EXPECT_EQ(File().st_mode & 0777, 0600u);
  {
    ListenAttempt attempt;
    ASSERT_TRUE(attempt.SetRights(socket, {.mode = 0660}).ok());
    attempt.Keep();
  }
  EXPECT_EQ(File().st_mode & 0777, 0660u);
}

TEST_F(ListenAttemptTest, GivesAFileItsOwnerAndItsGroupBack) {
  // In a user namespace root is root of some users only.
  if (::geteuid() != 0 || ::chown(folder_, 9, 10) != 0 || ::chown(folder_, 11, 12) != 0) {
    GTEST_SKIP() << "only root of the machine may give files away";
  }
  const auto socket = Bind("unix:" + path(), {.owner = 9, .group = 10});
  {
    ListenAttempt attempt;
    ASSERT_TRUE(attempt.SetRights(socket, {.mode = 0660, .owner = 11, .group = 12}).ok());
    EXPECT_EQ(File().st_uid, 11u);
    EXPECT_EQ(File().st_gid, 12u);
  }
  EXPECT_EQ(File().st_uid, 9u);
  EXPECT_EQ(File().st_gid, 10u);
  EXPECT_EQ(File().st_mode & 0777, 0600u);
}

TEST_F(ListenAttemptTest, LeavesAFileAloneThatIsNotTheSocketsAnyMore) {
  const auto socket = Bind("unix:" + path());
  ListenAttempt attempt;
  ASSERT_TRUE(attempt.SetRights(socket, {.mode = 0660}).ok());
  ::unlink(path().c_str());
  const auto other = Bind("unix:" + path(), {.mode = 0640});
  attempt.TakeBack();
  EXPECT_EQ(File().st_mode & 0777, 0640u);
  EXPECT_EQ(attempt.SetRights(socket, {.mode = 0660}).code(), absl::StatusCode::kNotFound);
}

TEST_F(ListenAttemptTest, GivesASocketItsBacklogBack) {
  const auto socket = Bind("127.0.0.1:0");
  ASSERT_TRUE(socket->Listen(8).ok());
  {
    ListenAttempt attempt;
    ASSERT_TRUE(attempt.SetBacklog(socket, 16).ok());
    EXPECT_EQ(socket->backlog(), 16);
  }
  EXPECT_EQ(socket->backlog(), 8);
}

TEST_F(ListenAttemptTest, EndsTheListeningAndTheSharingThatItBegan) {
  const auto first = Bind("127.0.0.1:0");
  ASSERT_TRUE(first->Listen(8).ok());
  const auto second = std::make_shared<Listener>(*first->MakeSibling());
  {
    ListenAttempt attempt;
    ASSERT_TRUE(attempt.Listen({first, second}, 8).ok());
    EXPECT_TRUE(first->shares_port());
    EXPECT_TRUE(second->is_listening());
  }
  EXPECT_TRUE(first->is_listening());
  EXPECT_FALSE(first->shares_port());
  EXPECT_FALSE(second->is_listening());
}

}  // namespace
}  // namespace muster::master
