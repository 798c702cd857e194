#include "muster/master/admin/server/admin_clients.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/admin/connection/caller_of.h"
#include "muster/master/admin/connection/connection_shares.h"
#include "muster/master/admin/connection/handshake_end.h"
#include "muster/master/aside/close_aside.h"

namespace muster::master {
namespace {

constexpr std::chrono::minutes kBetweenComplaints{1};

std::size_t ConnectionsThatFit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return AdminClients::kLeastConnections;
  return std::clamp<std::size_t>(limit.rlim_cur / 16, AdminClients::kLeastConnections,
                                 AdminClients::kMostConnections);
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminClients>> AdminClients::Create(Surroundings surroundings) {
  std::unique_ptr<AdminClients> clients(new AdminClients(std::move(surroundings)));
  MUSTER_ASSIGN_OR_RETURN(clients->closer_, Closer::Create([self = clients.get()] {
                            self->loop_.Post([self] { self->surroundings_.pause(false); });
                          }));
  return clients;
}

AdminClients::AdminClients(Surroundings surroundings)
    : surroundings_(std::move(surroundings)),
      most_connections_(ConnectionsThatFit()),
      loop_(surroundings_.connection.loop) {}

std::vector<AdminConnection*> AdminClients::Leave() {
  surroundings_.pause(true);
  for (auto& newcomer : newcomers_) Close(std::make_shared<ClientSocket>(newcomer->TakeSocket()));
  newcomers_.clear();
  std::vector<AdminConnection*> connections;
  for (const auto& connection : connections_) {
    connection->Leave();
    connections.push_back(connection.get());
  }
  return connections;
}

void AdminClients::Take(SocketAcceptor& acceptor, ipc::UniqueFd connection) {
  const absl::Status status = Take(std::move(connection));
  // It has hung up already, else there is no descriptor.
  if (!status.ok() && !absl::IsFailedPrecondition(status)) acceptor.PauseForWant(status);
}

absl::Status AdminClients::Take(ipc::UniqueFd connection) {
  MUSTER_ASSIGN_OR_RETURN(ClientSocket socket, ClientSocket::Make(std::move(connection)));
  const bool has_tls = surroundings_.tls() != nullptr;
  if (newcomers_.size() >= kMostNewcomers) {
    Newcomer& oldest = *newcomers_.front();
    if (oldest.expected() == Newcomer::Greeting::kTls) {
      surroundings_.on_refused_handshake(oldest.peer(), Refused::DISPLACED);
    } else {
      Complain(absl::StrCat("more than ", kMostNewcomers, " clients say nothing; that of ",
                            oldest.peer().ToString(), " is closed for another"));
    }
    Close(std::make_shared<ClientSocket>(oldest.TakeSocket()));
    newcomers_.pop_front();
  }
  newcomers_.push_back(std::make_unique<Newcomer>(
      loop_, std::move(socket), has_tls ? Newcomer::Greeting::kTls : Newcomer::Greeting::kHttp2,
      [this](Newcomer& newcomer, const absl::Status& result) { OnGreeting(newcomer, result); }));
  newcomers_.back()->Start();
  return absl::OkStatus();
}

void AdminClients::OnGreeting(Newcomer& newcomer, const absl::Status& result) {
  const bool has_tls = newcomer.expected() == Newcomer::Greeting::kTls;
  ClientSocket socket = newcomer.TakeSocket();
  newcomers_.remove_if([&](const auto& other) { return other.get() == &newcomer; });
  const ServerTls* const tls = surroundings_.tls();
  // A reload may have changed it meanwhile; then the client has to come again.
  if (result.ok() && has_tls == (tls != nullptr)) return Serve(std::move(socket), tls);
  if (!result.ok()) Refuse(socket, has_tls, result);
  if (absl::IsPermissionDenied(result)) {
    // It would hold up the closer, which the others wait for.
    CloseAside(std::move(socket.grpc));
    return CloseAside(std::move(socket.watch));
  }
  Close(std::make_shared<ClientSocket>(std::move(socket)));
}

void AdminClients::Refuse(const ClientSocket& socket, bool has_tls, const absl::Status& why) {
  // It has hung up without a byte, as who only looks whether somebody listens.
  if (absl::IsCancelled(why)) return;
  if (has_tls) {
    return surroundings_.on_refused_handshake(
        socket.peer, absl::IsDeadlineExceeded(why) ? Refused::SILENT : Refused::NOT_TLS);
  }
  Complain(
      absl::StrCat("the client of ", socket.peer.ToString(), " ", why.message(), "; it is closed"));
}

void AdminClients::Serve(ClientSocket socket, const ServerTls* tls) {
  const Peer peer = socket.peer;
  if (tls != nullptr) {
    MakeRoomForUnverified();
  } else if (!HasRoom(peer)) {
    return Close(std::make_shared<ClientSocket>(std::move(socket)));
  }
  auto connection = AdminConnection::Serve(
      surroundings_.connection, std::move(socket), tls,
      [this](AdminConnection& ended) { OnEnd(ended); },
      [this](const AdminConnection* verified) {
        loop_.Post([this, verified] { OnVerified(verified); });
      });
  if (!connection.ok()) {
    return Complain(absl::StrCat("the client of ", peer.ToString(),
                                 " cannot be served: ", connection.status().message()));
  }
  connections_.push_back(*std::move(connection));
}

void AdminClients::OnVerified(const AdminConnection* connection) {
  const auto found =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](const auto& candidate) { return candidate.get() == connection; });
  // It may be gone, or another one may have its place in memory, which then is asked for once more.
  if (found == connections_.end() || (*found)->is_verified()) return;
  AdminConnection& verified = **found;
  if (!HasRoom(verified.peer(), &verified)) return End(verified);
  verified.SetVerified();
}

void AdminClients::OnEnd(AdminConnection& connection) {
  if (!connection.is_handshake_over()) {
    surroundings_.on_refused_handshake(
        connection.peer(), WhyHandshakeEnded(connection.watched(), connection.age(loop_.now())));
  }
  End(connection);
}

std::size_t AdminClients::CountVerified() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return connection->is_verified(); }));
}

void AdminClients::MakeRoomForUnverified() {
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
  surroundings_.on_refused_handshake((*found)->peer(), Refused::DISPLACED);
  End(**found);
}

bool AdminClients::HasRoom(const Peer& peer, const AdminConnection* for_whom) {
  const std::size_t verified = CountVerified();
  if (verified < most_connections_) return true;
  if (verified < most_connections_ + kForOwners && peer.is_unix() &&
      surroundings_.connection.gate.IsOwner(peer.ToCaller())) {
    return true;
  }
  if (MakeRoom(peer.share(), for_whom)) return true;
  Complain(absl::StrCat("all ", most_connections_, " connections are busy; that of ",
                        peer.ToString(), " is closed"));
  return false;
}

bool AdminClients::MakeRoom(const std::string& share, const AdminConnection* for_whom) {
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

void AdminClients::End(AdminConnection& connection) {
  connection.Leave();
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& other) { return other.get() == &connection; });
  std::unique_ptr<AdminConnection> ended = std::move(*found);
  connections_.erase(found);
  Close(std::move(ended));
}

void AdminClients::Close(std::shared_ptr<void> last) {
  closer_->Close(std::move(last));
  if (closer_->size() > kMostClosing) surroundings_.pause(true);
}

void AdminClients::Complain(const std::string& problem) {
  if (loop_.now() < next_complaint_) {
    ++complaints_left_out_;
    return;
  }
  next_complaint_ = loop_.now() + kBetweenComplaints;
  const std::uint64_t left_out = std::exchange(complaints_left_out_, 0);
  const std::string more =
      left_out == 0 ? "" : absl::StrCat(" (", left_out, " more since the last such line)");
  surroundings_.connection.log.Write(Severity::kWarning, absl::StrCat("admin: ", problem, more));
}

}  // namespace muster::master
