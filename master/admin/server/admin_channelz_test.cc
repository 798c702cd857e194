// What gRPC tells of the connections of a server.

#include <cstdint>

#include "gtest/gtest.h"
#include "muster/master/admin/server/admin_server_fixture.h"
#include "muster/proto/channelz.grpc.pb.h"

namespace muster::master {
namespace {

namespace v1 = grpc::channelz::v1;

TEST_F(AdminServerTest, TellsByChannelzOfEachConnectionAndItsCalls) {
  Start();
  v1::GetServersResponse servers;
  const grpc::Status status = Serve([&] {
    const auto stub = v1::Channelz::NewStub(Connect());
    grpc::ClientContext contexts[2];
    v1::GetServersResponse first;
    grpc::Status outcome = stub->GetServers(&contexts[0], {}, &first);
    if (!outcome.ok()) return outcome;
    return stub->GetServers(&contexts[1], {}, &servers);
  });
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GE(servers.server_size(), 1);
  const v1::ServerData& data = servers.server(servers.server_size() - 1).data();
  EXPECT_GE(data.calls_started(), 2);
  EXPECT_GE(data.calls_succeeded(), 1);
}

TEST_F(AdminServerTest, TellsByChannelzThatThereIsNoSuchThing) {
  Start();
  const grpc::Status status = Serve([&] {
    grpc::ClientContext context;
    v1::GetSocketRequest request;
    request.set_socket_id(std::int64_t{1} << 40);
    v1::GetSocketResponse response;
    return v1::Channelz::NewStub(Connect())->GetSocket(&context, request, &response);
  });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace muster::master
