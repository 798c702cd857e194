#include "muster/master/admin/admin_server.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "muster/ipc/base/status.h"
#include "muster/master/admin/admin_service.h"
#include "muster/master/admin/admin_socket.h"

namespace muster::master {
namespace {

// How long answers may take to reach their clients at the end. gRPC also waits for idle clients
// to hang up, and clients that sleep do not.
constexpr std::chrono::milliseconds kDelivery{250};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const Address& address,
                                                                loop::EventLoop& loop,
                                                                AdminOperations operations,
                                                                Log& log) {
  MUSTER_RETURN_IF_ERROR(PrepareAdminSocket(address));
  // gRPC's own lines are for those who debug gRPC: errors come back as statuses.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto service = std::make_unique<AdminService>(loop, std::move(operations), log);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address.ToString(), grpc::InsecureServerCredentials());
  builder.RegisterService(service.get());
  // The mode of the socket, from its first moment on.
  const mode_t mask = ::umask(0177);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ::umask(mask);
  if (server == nullptr) {
    return absl::UnavailableError(absl::StrCat(address.ToString(), ": the socket cannot be made"));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(service), std::move(server)));
}

AdminServer::AdminServer(std::unique_ptr<AdminService> service,
                         std::unique_ptr<grpc::Server> server)
    : service_(std::move(service)), server_(std::move(server)) {}

AdminServer::~AdminServer() {
  service_->Close();
  server_->Shutdown(std::chrono::system_clock::now() + kDelivery);
  server_->Wait();
}

}  // namespace muster::master
