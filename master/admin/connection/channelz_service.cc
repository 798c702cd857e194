#include "muster/master/admin/connection/channelz_service.h"

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "grpc/grpc.h"
#include "grpc/support/alloc.h"

namespace muster::master {
namespace {

namespace v1 = grpc::channelz::v1;

struct Free {
  void operator()(char* json) const { gpr_free(json); }
};

// What `ask` says, which is the response in JSON; null: there is no such thing.
grpc::Status Fill(absl::FunctionRef<char*()> ask, google::protobuf::Message* response) {
  const std::unique_ptr<char, Free> json(ask());
  if (json == nullptr) return {grpc::StatusCode::NOT_FOUND, "gRPC knows nothing with this id"};
  if (!google::protobuf::util::JsonStringToMessage(json.get(), response).ok()) {
    return {grpc::StatusCode::INTERNAL, "gRPC tells what channelz.proto does not have"};
  }
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* Answer(const AccessQuestion& may_call,
                                 grpc::CallbackServerContext* context, absl::string_view method,
                                 google::protobuf::Message* response,
                                 absl::FunctionRef<char*()> ask) {
  grpc::Status status = may_call(absl::StrCat("/grpc.channelz.v1.Channelz/", method), *context);
  if (status.ok()) status = Fill(ask, response);
  grpc::ServerUnaryReactor* const call = context->DefaultReactor();
  call->Finish(std::move(status));
  return call;
}

}  // namespace

grpc::ServerUnaryReactor* ChannelzService::GetTopChannels(grpc::CallbackServerContext* context,
                                                          const v1::GetTopChannelsRequest* request,
                                                          v1::GetTopChannelsResponse* response) {
  return Answer(may_call_, context, "GetTopChannels", response,
                [request] { return grpc_channelz_get_top_channels(request->start_channel_id()); });
}

grpc::ServerUnaryReactor* ChannelzService::GetServers(grpc::CallbackServerContext* context,
                                                      const v1::GetServersRequest* request,
                                                      v1::GetServersResponse* response) {
  return Answer(may_call_, context, "GetServers", response,
                [request] { return grpc_channelz_get_servers(request->start_server_id()); });
}

grpc::ServerUnaryReactor* ChannelzService::GetServer(grpc::CallbackServerContext* context,
                                                     const v1::GetServerRequest* request,
                                                     v1::GetServerResponse* response) {
  return Answer(may_call_, context, "GetServer", response,
                [request] { return grpc_channelz_get_server(request->server_id()); });
}

grpc::ServerUnaryReactor* ChannelzService::GetServerSockets(
    grpc::CallbackServerContext* context, const v1::GetServerSocketsRequest* request,
    v1::GetServerSocketsResponse* response) {
  return Answer(may_call_, context, "GetServerSockets", response, [request] {
    return grpc_channelz_get_server_sockets(request->server_id(), request->start_socket_id(),
                                            request->max_results());
  });
}

grpc::ServerUnaryReactor* ChannelzService::GetChannel(grpc::CallbackServerContext* context,
                                                      const v1::GetChannelRequest* request,
                                                      v1::GetChannelResponse* response) {
  return Answer(may_call_, context, "GetChannel", response,
                [request] { return grpc_channelz_get_channel(request->channel_id()); });
}

grpc::ServerUnaryReactor* ChannelzService::GetSubchannel(grpc::CallbackServerContext* context,
                                                         const v1::GetSubchannelRequest* request,
                                                         v1::GetSubchannelResponse* response) {
  return Answer(may_call_, context, "GetSubchannel", response,
                [request] { return grpc_channelz_get_subchannel(request->subchannel_id()); });
}

grpc::ServerUnaryReactor* ChannelzService::GetSocket(grpc::CallbackServerContext* context,
                                                     const v1::GetSocketRequest* request,
                                                     v1::GetSocketResponse* response) {
  return Answer(may_call_, context, "GetSocket", response,
                [request] { return grpc_channelz_get_socket(request->socket_id()); });
}

}  // namespace muster::master
