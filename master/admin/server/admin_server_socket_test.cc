// The sockets of the admin service.

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {
namespace {

TEST_F(AdminServerTest, PutsItsSocketBackWhenItWasRemoved) {
  Start("mode: '0660'");
  ASSERT_EQ(::unlink(socket_path().c_str()), 0);
  loop::RunUntil(*loop_, [&] { return ::access(socket_path().c_str(), F_OK) == 0; });
  struct stat socket = {};
  ASSERT_EQ(::stat(socket_path().c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0660u);
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(Connect(), "", &response); }).ok());
}

TEST_F(AdminServerTest, AcceptsFromOtherSocketsAfterAReload) {
  Start();
  health_.Set({{"", true}});
  const std::shared_ptr<grpc::Channel> before = Connect();
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(Serve([&] { return Check(before, "", &response); }).ok());

  const std::string other = socket_path() + "2";
  ASSERT_EQ(Keep(absl::StrCat("listen: 'unix:", other, "'")), absl::OkStatus());
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] { return ::access(socket_path().c_str(), F_OK) != 0; }));
  const auto now = grpc::CreateChannel("unix:" + other, grpc::InsecureChannelCredentials());
  EXPECT_TRUE(Serve([&] { return Check(now, "", &response); }).ok());
  EXPECT_TRUE(Serve([&] { return Check(before, "", &response); }).ok()) << "connections stay";
}

TEST_F(AdminServerTest, AcceptsFromSeveralSockets) {
  Start(absl::StrCat("listen: 'unix:", socket_path(), "' listen: 'unix:", socket_path(), "2'"));
  health_.Set({{"", true}});
  grpc::health::v1::HealthCheckResponse response;
  for (const char* end : {"", "2"}) {
    const auto channel =
        grpc::CreateChannel("unix:" + socket_path() + end, grpc::InsecureChannelCredentials());
    EXPECT_TRUE(Serve([&] { return Check(channel, "", &response); }).ok()) << end;
  }
}

}  // namespace
}  // namespace muster::master
