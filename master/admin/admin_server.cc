#include "muster/master/admin/admin_server.h"

#include <stdlib.h>
#include <sys/resource.h>

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
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/message_differencer.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/master/admin/connection/connection_shares.h"
#include "muster/master/aside/close_aside.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using google::protobuf::util::MessageDifferencer;

// How long answers may take to reach their clients at the end. gRPC also waits for idle clients
// to hang up, and clients that sleep do not.
constexpr std::chrono::milliseconds kDelivery{250};
// Each waits for one client at a time.
constexpr std::size_t kMostDeliverers = 16;
constexpr std::chrono::minutes kBetweenComplaints{1};

std::size_t ConnectionsThatFit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return AdminServer::kLeastConnections;
  return std::clamp<std::size_t>(limit.rlim_cur / 8, AdminServer::kLeastConnections,
                                 AdminServer::kMostConnections);
}

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

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const ListenerSet& listeners,
                                                                const AdminTerms& terms,
                                                                AdminOperations operations,
                                                                Surroundings surroundings) {
  // gRPC's own lines are for those who debug gRPC: errors come back as statuses.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  loop::EventLoop& loop = surroundings.loop;
  std::unique_ptr<AdminServer> server(
      new AdminServer(terms, std::move(operations), std::move(surroundings)));
  grpc::ServerBuilder builder;
  builder.RegisterService(&server->resident_service_);
  server->resident_ = builder.BuildAndStart();
  if (server->resident_ == nullptr) return absl::UnavailableError("gRPC makes no server");
  MUSTER_ASSIGN_OR_RETURN(server->closer_, Closer::Create([&loop, self = server.get()] {
                            loop.Post([self] { self->SetPaused(false); });
                          }));
  MUSTER_RETURN_IF_ERROR(server->SetTls(terms));
  MUSTER_RETURN_IF_ERROR(server->Adopt(listeners));
  server->look_.SetAfter(kBetweenLooks);
  return server;
}

AdminServer::AdminServer(const AdminTerms& terms, AdminOperations operations,
                         Surroundings surroundings)
    : surroundings_(std::move(surroundings)),
      most_connections_(ConnectionsThatFit()),
      loop_(surroundings_.loop),
      operations_(std::move(operations)),
      health_(surroundings_.health),
      log_(surroundings_.log),
      gate_(*operations_.audit, terms.access),
      watches_(*operations_.events, operations_.status),
      look_(loop_, [this] { LookAfterFiles(); }) {}

AdminServer::~AdminServer() {
  SetPaused(true);
  for (auto& newcomer : newcomers_) Close(std::make_shared<ClientSocket>(newcomer->TakeSocket()));
  newcomers_.clear();
  health_.Close();
  watches_.Close();
  std::vector<AdminConnection*> connections;
  for (const auto& connection : connections_) {
    connection->Leave();
    connections.push_back(connection.get());
  }
  // Who has just got an answer comes before who is only connected.
  std::sort(connections.begin(), connections.end(),
            [](AdminConnection* a, AdminConnection* b) { return a->last_used() > b->last_used(); });
  DeliverAll(connections);
  // Calls that are left in them are ended with them, while all that they use is there.
  loop_.DropTasks();
}

absl::Status AdminServer::Keep(const ListenerSet& listeners, const AdminTerms& terms) {
  gate_.Set(terms.access);
  absl::Status status = SetTls(terms);
  status.Update(Adopt(listeners));
  return status;
}

absl::Status AdminServer::Adopt(const ListenerSet& listeners) {
  absl::Status status;
  const std::vector<std::string> addresses = Addresses();
  std::vector<Door> before = std::exchange(doors_, {});
  for (std::shared_ptr<const Listener>& socket : listeners.ForAdmin()) {
    const auto found = std::find_if(before.begin(), before.end(),
                                    [&](const Door& door) { return door.socket == socket; });
    if (found != before.end()) {
      doors_.push_back(std::move(*found));
      before.erase(found);
      continue;
    }
    absl::StatusOr<Door> door = Open(std::move(socket));
    if (door.ok()) doors_.push_back(*std::move(door));
    status.Update(door.status());
  }
  LogDoors(addresses);
  const std::vector<std::string> now = Addresses();
  for (Door& door : before) {
    const std::string address = door.socket->address().ToString();
    if (std::count(now.begin(), now.end(), address) > 0) {
      log_.Write(Severity::kWarning, absl::StrCat(address,
                                                  ": the file of the admin socket was removed; it "
                                                  "is there again"));
    }
    door.acceptor.reset();
    Close(std::make_shared<std::shared_ptr<const Listener>>(std::move(door.socket)));
  }
  return status;
}

absl::StatusOr<AdminServer::Door> AdminServer::Open(std::shared_ptr<const Listener> socket) {
  Door door;
  door.acceptor = std::make_unique<SocketAcceptor>(
      loop_, log_, [this](SocketAcceptor& acceptor, ipc::UniqueFd connection) {
        OnConnection(acceptor, std::move(connection));
      });
  MUSTER_RETURN_IF_ERROR(door.acceptor->Listen(socket->fd()));
  door.acceptor->SetPaused(is_paused_);
  door.socket = std::move(socket);
  return door;
}

std::vector<std::string> AdminServer::Addresses() const {
  std::vector<std::string> addresses;
  for (const Door& door : doors_) addresses.push_back(door.socket->address().ToString());
  return addresses;
}

void AdminServer::LogDoors(const std::vector<std::string>& before) {
  for (const Door& door : doors_) {
    const Address& address = door.socket->address();
    if (std::count(before.begin(), before.end(), address.ToString()) > 0) continue;
    // That of a start is where it always is, and has no port to be told.
    if (before.empty() && address.is_unix()) continue;
    log_.Write(Severity::kInfo, absl::StrCat("admin: listening on ", address.ToString(),
                                             address.is_unix() ? ""
                                             : tls_ != nullptr ? ", TLS"
                                                               : ", insecure"));
  }
  const std::vector<std::string> now = Addresses();
  for (const std::string& address : before) {
    if (std::count(now.begin(), now.end(), address) > 0) continue;
    log_.Write(Severity::kInfo, absl::StrCat("admin: no longer listening on ", address));
  }
}

void AdminServer::SetPaused(bool is_paused) {
  is_paused_ = is_paused;
  for (Door& door : doors_) door.acceptor->SetPaused(is_paused);
}

absl::Status AdminServer::SetTls(const AdminTerms& terms) {
  const bool is_same = tls_watch_ != nullptr && terms.tls.has_value() &&
                       MessageDifferencer::Equals(tls_watch_->files(), terms.tls_files);
  // The watch has seen what these files have, or will.
  if (is_same) return absl::OkStatus();
  // The old one's thread may hang in a file system.
  if (tls_watch_ != nullptr) Close(std::shared_ptr<SideThread>(tls_watch_->TakeThread()));
  tls_watch_ = nullptr;
  UseTls(terms.tls);
  if (!terms.tls.has_value()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(tls_watch_,
                          TlsWatch::Start(loop_, terms.tls_files, *terms.tls,
                                          [this](const absl::StatusOr<TlsMaterial>& material) {
                                            OnTlsChange(material);
                                          }));
  return absl::OkStatus();
}

void AdminServer::OnTlsChange(const absl::StatusOr<TlsMaterial>& material) {
  if (!material.ok()) {
    log_.Write(Severity::kWarning,
               absl::StrCat("admin: what was in force for TLS stays: ",
                            config::FieldOf(material.status()), ": ", material.status().message()));
    return;
  }
  UseTls(*material);
  if (surroundings_.on_tls) surroundings_.on_tls(*material);
}

void AdminServer::UseTls(const std::optional<TlsMaterial>& material) {
  tls_material_ = material;
  tls_ = material.has_value() ? std::make_unique<ServerTls>(*material) : nullptr;
  if (material.has_value()) LogTls(*material);
}

void AdminServer::LogTls(const TlsMaterial& material) {
  const bool is_expired = material.expiry() < absl::Now();
  log_.Write(
      is_expired ? Severity::kWarning : Severity::kInfo,
      absl::StrCat("admin: the certificate of ", log::Printable(material.subject()),
                   " is in force, ", is_expired ? "and expired on " : "until ",
                   absl::FormatTime("%Y-%m-%d %H:%M", material.expiry(), absl::UTCTimeZone()),
                   " UTC"));
}

void AdminServer::LookAfterFiles() {
  look_.SetAfter(kBetweenLooks);
  ListenerSet now;
  absl::Status status = surroundings_.restore(now);
  // None, when the first generation could not be started.
  if (!now.ForAdmin().empty()) status.Update(Adopt(now));
  if (status.ok()) return (void)(is_missed_ = false);
  look_.SetAfter(kBetweenTries);
  if (std::exchange(is_missed_, true)) return;
  log_.Write(Severity::kError,
             absl::StrCat("the file of the admin socket was removed, and cannot be put back: ",
                          status.message()));
}

void AdminServer::OnConnection(SocketAcceptor& acceptor, ipc::UniqueFd connection) {
  absl::StatusOr<ClientSocket> socket = ClientSocket::Make(std::move(connection));
  // It has hung up already, else there is no descriptor.
  if (absl::IsFailedPrecondition(socket.status())) return;
  if (!socket.ok()) return acceptor.PauseForWant(socket.status());
  if (newcomers_.size() >= kMostNewcomers) {
    Complain(absl::StrCat("more than ", kMostNewcomers, " clients say nothing; that of ",
                          newcomers_.front()->peer().ToString(), " is closed for another"));
    Close(std::make_shared<ClientSocket>(newcomers_.front()->TakeSocket()));
    newcomers_.pop_front();
  }
  const bool has_tls = !socket->peer.is_unix() && tls_ != nullptr;
  newcomers_.push_back(std::make_unique<Newcomer>(
      loop_, *std::move(socket), has_tls ? Newcomer::Greeting::kTls : Newcomer::Greeting::kHttp2,
      [this](Newcomer& newcomer, const absl::Status& result) { OnGreeting(newcomer, result); }));
  newcomers_.back()->Start();
}

void AdminServer::OnGreeting(Newcomer& newcomer, const absl::Status& result) {
  const bool has_tls = newcomer.expected() == Newcomer::Greeting::kTls;
  ClientSocket socket = newcomer.TakeSocket();
  newcomers_.remove_if([&](const auto& other) { return other.get() == &newcomer; });
  // A reload may have changed it meanwhile; then the client has to come again.
  if (result.ok() && has_tls == (!socket.peer.is_unix() && tls_ != nullptr)) {
    return Serve(std::move(socket), has_tls ? tls_.get() : nullptr);
  }
  if (!result.ok() && !absl::IsCancelled(result)) {
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

void AdminServer::Serve(ClientSocket socket, const ServerTls* tls) {
  const Peer peer = socket.peer;
  if (tls != nullptr) {
    MakeRoomForUnverified();
  } else if (CountVerified() >= most_connections_ && !MakeRoom(peer.share())) {
    Complain(absl::StrCat("all ", most_connections_, " connections are busy; that of ",
                          peer.ToString(), " is closed"));
    return Close(std::make_shared<ClientSocket>(std::move(socket)));
  }
  auto connection = AdminConnection::Serve(
      {loop_, log_, operations_, health_, gate_, watches_, surroundings_.count_call},
      std::move(socket), tls, [this](AdminConnection& ended) { OnEnd(ended); },
      [this](const AdminConnection* verified) {
        loop_.Post([this, verified] { OnVerified(verified); });
      });
  if (!connection.ok()) {
    return Complain(absl::StrCat("the client of ", peer.ToString(),
                                 " cannot be served: ", connection.status().message()));
  }
  connections_.push_back(*std::move(connection));
}

void AdminServer::OnVerified(const AdminConnection* connection) {
  const auto found =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](const auto& candidate) { return candidate.get() == connection; });
  // It may be gone, or another one may have its place in memory, which then is asked for once more.
  if (found == connections_.end() || (*found)->is_verified()) return;
  AdminConnection& verified = **found;
  if (CountVerified() >= most_connections_ && !MakeRoom(verified.peer().share(), &verified)) {
    Complain(absl::StrCat("all ", most_connections_, " connections are busy; that of ",
                          verified.peer().ToString(), " is closed"));
    return End(verified);
  }
  verified.SetVerified();
}

void AdminServer::OnEnd(AdminConnection& connection) {
  if (!connection.is_handshake_over()) {
    if (surroundings_.count_refused_handshake) surroundings_.count_refused_handshake();
    const Peer& peer = connection.peer();
    const std::optional<std::uint64_t> left_out = tls_refusals_.Note(peer.share(), loop_.now());
    if (left_out.has_value()) {
      log_.Write(
          Severity::kWarning,
          absl::StrCat("admin: the handshake of TLS with ", peer.ToString(), " failed",
                       *left_out == 0 ? "" : absl::StrCat(" (", *left_out, " more before it)")));
    }
  }
  End(connection);
}

std::size_t AdminServer::CountVerified() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return connection->is_verified(); }));
}

void AdminServer::MakeRoomForUnverified() {
  if (connections_.size() - CountVerified() < kMostUnverified) return;
  // The oldest one of the host that has most: who floods throws out his own.
  std::map<std::string, std::size_t> by_share;
  for (const auto& connection : connections_) {
    if (!connection->is_verified()) ++by_share[connection->peer().share()];
  }
  const auto most =
      std::max_element(by_share.begin(), by_share.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto found =
      std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
        return !connection->is_verified() && connection->peer().share() == most->first;
      });
  if (surroundings_.count_refused_handshake) surroundings_.count_refused_handshake();
  Complain(absl::StrCat("more than ", kMostUnverified,
                        " clients are in the handshake of TLS; that of ",
                        (*found)->peer().ToString(), " is closed for another"));
  End(**found);
}

bool AdminServer::MakeRoom(const std::string& share, const AdminConnection* for_whom) {
  AdminConnection* longest = nullptr;
  std::map<std::string, std::size_t> by_share;
  for (const auto& connection : connections_) {
    if (!connection->is_verified() || connection.get() == for_whom) continue;
    ++by_share[connection->peer().share()];
    if (connection->IsBusy()) continue;
    if (longest == nullptr || connection->last_used() < longest->last_used()) {
      longest = connection.get();
    }
  }
  if (longest != nullptr) {
    Complain(absl::StrCat("more than ", most_connections_, " connections; that of ",
                          longest->peer().ToString(),
                          " is closed for another, it was idle longest"));
    End(*longest);
    return true;
  }
  // A call that watches may last for ever, so that one client could keep all others out.
  const std::optional<std::string> who = WhoGivesUpOne(by_share, share);
  if (!who.has_value()) return false;
  const auto ended =
      std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
        return connection->is_verified() && connection->peer().share() == *who;
      });
  Complain(absl::StrCat("all ", most_connections_, " connections are busy; one of ", by_share[*who],
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
  if (closer_->size() > kMostClosing) SetPaused(true);
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
