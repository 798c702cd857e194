// The socket file of the admin service.

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/admin/admin_server_fixture.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

TEST_F(AdminServerTest, MakesItsSocketForTheOwnerAlone) {
  Start();
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
}

TEST_F(AdminServerTest, LeavesASocketOnWhichSomebodyAnswers) {
  Start();
  const auto second = AdminServer::Start(address(), Terms(), *loop_, operations_, health_, log_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(socket_path()));
}

TEST_F(AdminServerTest, TakesOverTheSocketOfADeadProcess) {
  {
    const ipc::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), address().get(), address().size()), 0);
  }
  Start();
  EXPECT_NE(server_, nullptr);
}

TEST_F(AdminServerTest, RemovesItsSocketAtTheEnd) {
  Start();
  server_.reset();
  EXPECT_NE(::access(socket_path().c_str(), F_OK), 0);
}

TEST_F(AdminServerTest, SaysWhyTheSocketCannotBeMade) {
  const auto server = AdminServer::Start(*Address::Parse("unix:/proc/nowhere/x"), Terms(), *loop_,
                                         operations_, health_, log_);
  EXPECT_THAT(std::string(server.status().message()),
              HasSubstr("unix:/proc/nowhere/x: No such file or directory"));
}

TEST_F(AdminServerTest, PutsItsSocketBackWhenItWasRemoved) {
  Start();
  ASSERT_EQ(::unlink(socket_path().c_str()), 0);
  ASSERT_EQ(server_->Keep(WithMode(0660)), absl::OkStatus());
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0660u);
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(Connect(), "", &response); }).ok());
}

TEST_F(AdminServerTest, ChangesTheRightsOfItsSocket) {
  Start();
  ASSERT_EQ(server_->Keep(WithMode(0640)), absl::OkStatus());
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0640u);
}

TEST_F(AdminServerTest, LeavesTheSocketOfAnotherProcessThatIsThereByNow) {
  Start();
  ASSERT_EQ(::unlink(socket_path().c_str()), 0);
  const ipc::UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(other.get(), address().get(), address().size()), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(server_->Keep(Terms())));
  server_.reset();
  EXPECT_EQ(::access(socket_path().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace muster::master
