#include "muster/master/admin/admin_server.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/status.h"
#include "muster/master/admin/connection_shares.h"
#include "muster/master/aside/close_aside.h"

namespace muster::master {
namespace {

// How long answers may take to reach their clients at the end. gRPC also waits for idle clients
// to hang up, and clients that sleep do not.
constexpr std::chrono::milliseconds kDelivery{250};
// Each waits for one client at a time.
constexpr std::size_t kMostDeliverers = 16;
constexpr std::chrono::minutes kBetweenComplaints{1};

// Waits for `connections`, the first ones first.
void DeliverAll(const std::vector<AdminConnection*>& connections) {
  const auto deadline = std::chrono::system_clock::now() + kDelivery;
  std::atomic<std::size_t> next = 0;
  const auto deliver = [&] {
    for (std::size_t i = next++; i < connections.size(); i = next++) {
      connections[i]->Deliver(deadline);
    }
  };
  std::vector<std::thread> threads;
  while (threads.size() + 1 < std::min(connections.size(), kMostDeliverers)) {
    try {
      threads.emplace_back(deliver);
    } catch (const std::system_error&) {
      break;  // with fewer, then
    }
  }
  deliver();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const Address& address,
                                                                const AdminTerms& terms,
                                                                loop::EventLoop& loop,
                                                                AdminOperations operations,
                                                                HealthBoard& health, Log& log) {
  // gRPC's own lines are for those who debug gRPC: errors come back as statuses.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  std::unique_ptr<AdminServer> server(
      new AdminServer(address, terms.access, loop, std::move(operations), health, log));
  MUSTER_ASSIGN_OR_RETURN(AdminSocket socket, AdminSocket::Listen(address, terms.rights));
  server->socket_ = std::make_unique<AdminSocket>(std::move(socket));
  grpc::ServerBuilder builder;
  builder.RegisterService(&server->resident_service_);
  server->resident_ = builder.BuildAndStart();
  if (server->resident_ == nullptr) return absl::UnavailableError("gRPC makes no server");
  MUSTER_ASSIGN_OR_RETURN(server->closer_, Closer::Create([&loop, self = server.get()] {
                            loop.Post([self] { self->acceptor_.SetPaused(false); });
                          }));
  MUSTER_RETURN_IF_ERROR(server->acceptor_.Listen(server->socket_->fd()));
  server->look_.SetAfter(kBetweenLooks);
  return server;
}

AdminServer::AdminServer(const Address& address, AccessPolicy access, loop::EventLoop& loop,
                         AdminOperations operations, HealthBoard& health, Log& log)
    : address_(address),
      loop_(loop),
      operations_(std::move(operations)),
      health_(health),
      log_(log),
      gate_(log, std::move(access)),
      acceptor_(loop, log,
                [this](ipc::UniqueFd connection) { OnConnection(std::move(connection)); }),
      look_(loop, [this] { LookAfterSocket(); }) {}

AdminServer::~AdminServer() {
  acceptor_.SetPaused(true);
  for (auto& newcomer : newcomers_) Close(std::make_shared<ClientSocket>(newcomer->TakeSocket()));
  newcomers_.clear();
  health_.Close();
  std::vector<AdminConnection*> connections;
  for (const auto& connection : connections_) {
    connection->Leave();
    connections.push_back(connection.get());
  }
  // Who has just got an answer comes before who is only connected.
  std::sort(connections.begin(), connections.end(),
            [](AdminConnection* a, AdminConnection* b) { return a->last_used() > b->last_used(); });
  DeliverAll(connections);
}

absl::Status AdminServer::Keep(const AdminTerms& terms) {
  gate_.Set(terms.access);
  return KeepSocket(terms.rights);
}

absl::Status AdminServer::KeepSocket(const SocketRights& rights) {
  if (socket_->IsThere()) return socket_->SetRights(rights);
  MUSTER_ASSIGN_OR_RETURN(AdminSocket socket, AdminSocket::Listen(address_, rights));
  if (const absl::Status status = acceptor_.Listen(socket.fd()); !status.ok()) {
    acceptor_.Listen(socket_->fd()).IgnoreError();
    return status;
  }
  // Nobody can reach the old one any more.
  Close(std::exchange(socket_, std::make_unique<AdminSocket>(std::move(socket))));
  log_.Write(Severity::kWarning, absl::StrCat(address_.ToString(),
                                              ": the file of the admin socket was removed; it is "
                                              "there again"));
  is_missed_ = false;
  return absl::OkStatus();
}

void AdminServer::LookAfterSocket() {
  look_.SetAfter(kBetweenLooks);
  if (socket_->IsThere()) return (void)(is_missed_ = false);
  const absl::Status status = KeepSocket(socket_->rights());
  if (status.ok()) return;
  look_.SetAfter(kBetweenTries);
  if (std::exchange(is_missed_, true)) return;
  log_.Write(Severity::kError,
             absl::StrCat("the file of the admin socket was removed, and cannot be put back: ",
                          status.message()));
}

void AdminServer::OnConnection(ipc::UniqueFd connection) {
  absl::StatusOr<ClientSocket> socket = ClientSocket::Make(std::move(connection));
  if (!socket.ok()) return acceptor_.PauseForWant(socket.status());
  if (newcomers_.size() >= kMostNewcomers) {
    Complain(absl::StrCat("more than ", kMostNewcomers, " clients say nothing; that of ",
                          newcomers_.front()->peer().ToString(), " is closed for another"));
    Close(std::make_shared<ClientSocket>(newcomers_.front()->TakeSocket()));
    newcomers_.pop_front();
  }
  newcomers_.push_back(std::make_unique<Newcomer>(
      loop_, *std::move(socket),
      [this](Newcomer& newcomer, const absl::Status& result) { OnGreeting(newcomer, result); }));
  newcomers_.back()->Start();
}

void AdminServer::OnGreeting(Newcomer& newcomer, const absl::Status& result) {
  ClientSocket socket = newcomer.TakeSocket();
  newcomers_.remove_if([&](const auto& other) { return other.get() == &newcomer; });
  if (result.ok()) return Serve(std::move(socket));
  if (!absl::IsCancelled(result)) {
    Complain(absl::StrCat("the client of ", socket.peer.ToString(), " ", result.message(),
                          "; it is closed"));
  }
  if (absl::IsPermissionDenied(result)) {
    // It would hold up the closer, which the others wait for.
    CloseAside(std::move(socket.grpc));
    return CloseAside(std::move(socket.watch));
  }
  Close(std::make_shared<ClientSocket>(std::move(socket)));
}

void AdminServer::Serve(ClientSocket socket) {
  const Peer peer = socket.peer;
  if (connections_.size() >= kMostConnections && !MakeRoom(peer.uid)) {
    Complain(absl::StrCat("all ", kMostConnections, " connections are busy; that of ",
                          peer.ToString(), " is closed"));
    return Close(std::make_shared<ClientSocket>(std::move(socket)));
  }
  auto connection =
      AdminConnection::Serve({loop_, log_, operations_, health_, gate_}, std::move(socket),
                             [this](AdminConnection& ended) { End(ended); });
  if (!connection.ok()) {
    return Complain(absl::StrCat("the client of ", peer.ToString(),
                                 " cannot be served: ", connection.status().message()));
  }
  connections_.push_back(*std::move(connection));
}

bool AdminServer::MakeRoom(uid_t uid) {
  AdminConnection* longest = nullptr;
  std::map<uid_t, std::size_t> by_user;
  for (const auto& connection : connections_) {
    ++by_user[connection->peer().uid];
    if (connection->IsBusy()) continue;
    if (longest == nullptr || connection->last_used() < longest->last_used()) {
      longest = connection.get();
    }
  }
  if (longest != nullptr) {
    Complain(absl::StrCat("more than ", kMostConnections, " connections; that of ",
                          longest->peer().ToString(),
                          " is closed for another, it was idle longest"));
    End(*longest);
    return true;
  }
  // A call that watches may last for ever, so that one user could keep all others out.
  const std::optional<uid_t> user = WhoGivesUpOne(by_user, uid);
  if (!user.has_value()) return false;
  const auto ended =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](const auto& connection) { return connection->peer().uid == *user; });
  Complain(absl::StrCat("all ", kMostConnections, " connections are busy; one of ", by_user[*user],
                        " of ", (*ended)->peer().ToString(), " is closed for another user"));
  End(**ended);
  return true;
}

void AdminServer::End(AdminConnection& connection) {
  connection.Leave();
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& other) { return other.get() == &connection; });
  std::unique_ptr<AdminConnection> ended = std::move(*found);
  connections_.erase(found);
  Close(std::move(ended));
}

void AdminServer::Close(std::shared_ptr<void> last) {
  closer_->Close(std::move(last));
  if (closer_->size() > kMostClosing) acceptor_.SetPaused(true);
}

void AdminServer::Complain(const std::string& problem) {
  if (loop_.now() < next_complaint_) {
    ++complaints_left_out_;
    return;
  }
  next_complaint_ = loop_.now() + kBetweenComplaints;
  const std::uint64_t left_out = std::exchange(complaints_left_out_, 0);
  log_.Write(Severity::kWarning, absl::StrCat("admin: ", problem,
                                              left_out == 0 ? ""
                                                            : absl::StrCat(" (", left_out,
                                                                           " more since the last "
                                                                           "such line)")));
}

}  // namespace muster::master
