#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CHANNELZ_SERVICE_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CHANNELZ_SERVICE_H_

#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/connection/access_question.h"
#include "muster/proto/channelz.grpc.pb.h"

namespace muster::master {

// grpc.channelz.v1.Channelz, from what gRPC knows of all servers and sockets in this process; each
// connection has a server. gRPC's own service has a thread in each server. Called in gRPC's
// threads.
class ChannelzService final : public grpc::channelz::v1::Channelz::CallbackService {
 public:
  explicit ChannelzService(AccessQuestion may_call) : may_call_(std::move(may_call)) {}

  grpc::ServerUnaryReactor* GetTopChannels(
      grpc::CallbackServerContext* context,
      const grpc::channelz::v1::GetTopChannelsRequest* request,
      grpc::channelz::v1::GetTopChannelsResponse* response) override;
  grpc::ServerUnaryReactor* GetServers(grpc::CallbackServerContext* context,
                                       const grpc::channelz::v1::GetServersRequest* request,
                                       grpc::channelz::v1::GetServersResponse* response) override;
  grpc::ServerUnaryReactor* GetServer(grpc::CallbackServerContext* context,
                                      const grpc::channelz::v1::GetServerRequest* request,
                                      grpc::channelz::v1::GetServerResponse* response) override;
  grpc::ServerUnaryReactor* GetServerSockets(
      grpc::CallbackServerContext* context,
      const grpc::channelz::v1::GetServerSocketsRequest* request,
      grpc::channelz::v1::GetServerSocketsResponse* response) override;
  grpc::ServerUnaryReactor* GetChannel(grpc::CallbackServerContext* context,
                                       const grpc::channelz::v1::GetChannelRequest* request,
                                       grpc::channelz::v1::GetChannelResponse* response) override;
  grpc::ServerUnaryReactor* GetSubchannel(
      grpc::CallbackServerContext* context, const grpc::channelz::v1::GetSubchannelRequest* request,
      grpc::channelz::v1::GetSubchannelResponse* response) override;
  grpc::ServerUnaryReactor* GetSocket(grpc::CallbackServerContext* context,
                                      const grpc::channelz::v1::GetSocketRequest* request,
                                      grpc::channelz::v1::GetSocketResponse* response) override;

 private:
  const AccessQuestion may_call_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CHANNELZ_SERVICE_H_
