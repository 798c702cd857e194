#include "muster/master/admin/admin_connection.h"

#include <sys/epoll.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/server_posix.h"
#include "muster/config/access/admin_method.h"
#include "muster/ipc/base/status.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/master/admin/connection/access_question.h"
#include "muster/master/admin/connection/caller_of.h"
#include "muster/master/admin/connection/handshake_end.h"
#include "muster/proto/admin.grpc.pb.h"
#include "muster/proto/channelz.grpc.pb.h"
#include "muster/proto/health.grpc.pb.h"
#include "muster/proto/reflection.grpc.pb.h"

namespace muster::master {
namespace {

// A client that wants more waits; its calls are small.
constexpr int kMostCalls = 100;
constexpr int kMostRequestBytes = 64 * 1024;

constexpr int kHandshakeMs = std::chrono::milliseconds(kHandshakePatience).count();
// A client whose cable is cut is noticed, and may ask as often itself.
constexpr int kBetweenPingsMs = 30'000;
constexpr int kPingAnswerMs = 10'000;
constexpr int kLeastBetweenClientPingsMs = 5'000;

AccessQuestion AskerFor(AccessGate& gate, const Peer& peer) {
  return [&gate, peer](absl::string_view path, const grpc::ServerContextBase& call) {
    return gate.Check(CallerOf(peer, call.auth_context().get()), config::AdminMethodAt(path),
                      {.context = &call});
  };
}

StreamFollower FollowerFor(AccessGate& gate, const Peer& peer) {
  return
      [&gate, peer](absl::string_view path, const grpc::ServerContextBase& call, DenyStream deny) {
        return gate.Follow(CallerOf(peer, call.auth_context().get()), config::AdminMethodAt(path),
                           "", std::move(deny));
      };
}

void AddTcpArguments(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kBetweenPingsMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingAnswerMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kLeastBetweenClientPingsMs);
}

void AddInterceptor(grpc::ServerBuilder& builder, const CountCall& count, AccessGate& gate) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
  creators.push_back(std::make_unique<CallInterceptor>(CallInterceptor::Terms{
      .count = count,
      .end = [&gate](const grpc::ServerContextBase* call) { gate.Leave(call); },
      .unreadable = ToGrpcStatus(
          absl::InvalidArgumentError("the request is no message of the method's type")),
      .leaves_alone = AdminService::AccountsForItself}));
  builder.experimental().SetInterceptorCreators(std::move(creators));
}

std::vector<std::string> ServiceNames() {
  return {admin::v1::Admin::service_full_name(), grpc::health::v1::Health::service_full_name(),
          grpc::channelz::v1::Channelz::service_full_name(),
          grpc::reflection::v1alpha::ServerReflection::service_full_name()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminConnection>> AdminConnection::Serve(
    const Surroundings& surroundings, ClientSocket socket, const ServerTls* tls,
    std::function<void(AdminConnection&)> on_end,
    std::function<void(const AdminConnection*)> on_verified) {
  std::unique_ptr<AdminConnection> connection(
      new AdminConnection(surroundings, socket.peer, std::move(on_end)));
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostCalls);
  builder.SetMaxReceiveMessageSize(kMostRequestBytes);
  if (!socket.peer.is_unix()) AddTcpArguments(builder);
  AddInterceptor(builder, surroundings.count_call, surroundings.gate);
  if (tls != nullptr) {
    connection->is_verified_ = false;
    connection->is_handshake_over_ = false;
    connection->tls_acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        tls->ForConnection([on_verified = std::move(on_verified), self = connection.get()] {
          self->is_handshake_over_.store(true, std::memory_order_release);
          on_verified(self);
        }));
  }
  builder.RegisterService(&connection->admin_);
  builder.RegisterService(&connection->health_);
  builder.RegisterService(&connection->channelz_);
  builder.RegisterService(&connection->reflection_);
  connection->server_ = builder.BuildAndStart();
  if (connection->server_ == nullptr) return absl::UnavailableError("gRPC makes no server");
  MUSTER_RETURN_IF_ERROR(surroundings.loop.Add(socket.watch.get(), EPOLLRDHUP, connection.get()));
  connection->watch_ = std::move(socket.watch);
  connection->is_watched_ = true;
  if (tls == nullptr) {
    grpc::AddInsecureChannelFromFd(connection->server_.get(), socket.grpc.release());
    return connection;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.fd = socket.grpc.release();
  connection->tls_acceptor_->HandleNewConnection(&parameters);
  return connection;
}

AdminConnection::AdminConnection(const Surroundings& surroundings, const Peer& peer,
                                 std::function<void(AdminConnection&)> on_end)
    : loop_(surroundings.loop),
      peer_(peer),
      began_(surroundings.loop.now()),
      on_end_(std::move(on_end)),
      admin_(surroundings.loop, surroundings.operations, surroundings.log, surroundings.gate,
             surroundings.watches, peer, surroundings.count_call),
      health_(surroundings.health, AskerFor(surroundings.gate, peer),
              FollowerFor(surroundings.gate, peer)),
      channelz_(AskerFor(surroundings.gate, peer)),
      reflection_(ServiceNames(), AskerFor(surroundings.gate, peer),
                  FollowerFor(surroundings.gate, peer)) {}

AdminConnection::~AdminConnection() {
  if (server_ != nullptr) Deliver(std::chrono::system_clock::time_point());
}

void AdminConnection::Leave() {
  if (std::exchange(is_watched_, false)) loop_.Remove(watch_.get(), this);
  admin_.Close();
}

void AdminConnection::Deliver(std::chrono::system_clock::time_point deadline) {
  server_->Shutdown(deadline);
  server_->Wait();
}

bool AdminConnection::IsBusy() const { return admin_.IsBusy() || health_.watching() > 0; }

void AdminConnection::OnEvents(std::uint32_t) {
  admin_.HangUp();
  const auto on_end = on_end_;  // this may be given away in it
  on_end(*this);
}

}  // namespace muster::master
