#include "muster/master/admin/server/admin_server.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

// How long answers may take to reach their clients at the end. gRPC also waits for idle clients
// to hang up, and clients that sleep do not.
constexpr std::chrono::milliseconds kDelivery{250};
// Each waits for one client at a time.
constexpr std::size_t kMostDeliverers = 16;

CallPlaces::Limits LimitsOf(const AdminTerms& terms) {
  return {.calls = terms.calls_per_caller, .streams = terms.streams_per_caller};
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
  // Debian's absl looks at each lock whether threads could block each other. For gRPC's locks, of
  // which a message takes dozens, that is an eighth of what the message costs.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::unique_ptr<AdminServer> server(
      new AdminServer(terms, std::move(operations), std::move(surroundings)));
  server->health_.Open();
  grpc::ServerBuilder builder;
  builder.RegisterService(&server->resident_service_);
  server->resident_ = builder.BuildAndStart();
  if (server->resident_ == nullptr) return absl::UnavailableError("gRPC makes no server");
  MUSTER_RETURN_IF_ERROR(server->MakeClients());
  MUSTER_RETURN_IF_ERROR(server->tls_.Set(terms));
  MUSTER_RETURN_IF_ERROR(server->doors_.Adopt(listeners));
  server->look_.SetAfter(kBetweenLooks);
  return server;
}

AdminServer::AdminServer(const AdminTerms& terms, AdminOperations operations,
                         Surroundings surroundings)
    : surroundings_(std::move(surroundings)),
      loop_(surroundings_.loop),
      operations_(std::move(operations)),
      health_(surroundings_.health),
      log_(surroundings_.log),
      gate_(*operations_.audit, terms.access, LimitsOf(terms), surroundings_.count_over_bound),
      watches_(*operations_.events, operations_.status),
      handshakes_(*operations_.events, log_),
      tls_({.loop = loop_,
            .log = log_,
            .on_change = surroundings_.on_tls,
            .close = [this](std::shared_ptr<void> last) { tcp_->Close(std::move(last)); }}),
      doors_({.loop = loop_,
              .log = log_,
              .on_connection =
                  [this](bool is_unix, SocketAcceptor& acceptor, ipc::UniqueFd connection) {
                    ClientsOf(is_unix).Take(acceptor, std::move(connection));
                  },
              .close =
                  [this](bool is_unix, std::shared_ptr<void> last) {
                    ClientsOf(is_unix).Close(std::move(last));
                  },
              .has_tls = [this] { return tls_.server() != nullptr; }}),
      look_(loop_, [this] { Look(); }) {}

absl::Status AdminServer::MakeClients() {
  for (const bool is_unix : {true, false}) {
    MUSTER_ASSIGN_OR_RETURN(
        (is_unix ? unix_ : tcp_),
        AdminClients::Create(
            {.connection = {loop_, log_, operations_, health_, gate_, watches_,
                            surroundings_.count_call},
             .tls = [this, is_unix] { return is_unix ? nullptr : tls_.server(); },
             .pause = [this, is_unix](bool is_paused) { doors_.SetPaused(is_unix, is_paused); },
             .on_refused_handshake =
                 [this](const Peer& peer, AdminClients::Refused::Reason reason) {
                   OnRefusedHandshake(peer, reason);
                 }}));
  }
  return absl::OkStatus();
}

AdminServer::~AdminServer() {
  health_.Close();
  watches_.Close();
  std::vector<AdminConnection*> connections;
  for (AdminClients* const clients : {unix_.get(), tcp_.get()}) {
    if (clients == nullptr) continue;  // the start failed
    for (AdminConnection* const connection : clients->Leave()) connections.push_back(connection);
  }
  // Who has just got an answer comes before who is only connected.
  std::sort(connections.begin(), connections.end(),
            [](AdminConnection* a, AdminConnection* b) { return a->last_used() > b->last_used(); });
  DeliverAll(connections);
  // Calls that are left in them are ended with them, while all that they use is there.
  loop_.DropTasks();
}

absl::Status AdminServer::Keep(const ListenerSet& listeners, const AdminTerms& terms) {
  gate_.Set(terms.access, LimitsOf(terms));
  absl::Status status = tls_.Set(terms);
  status.Update(doors_.Adopt(listeners));
  return status;
}

void AdminServer::OnRefusedHandshake(const Peer& peer, AdminClients::Refused::Reason reason) {
  if (surroundings_.count_refused_handshake) surroundings_.count_refused_handshake();
  handshakes_.Refuse(peer.share(), peer.ToString(), reason, loop_.now());
}

void AdminServer::Look() {
  look_.SetAfter(kBetweenLooks);
  handshakes_.Flush(loop_.now());
  if (loop_.now() >= next_look_for_files_) LookAfterFiles();
}

void AdminServer::LookAfterFiles() {
  ListenerSet now;
  absl::Status status = surroundings_.restore(now);
  // None, when the first generation could not be started.
  if (!now.ForAdmin().empty()) status.Update(doors_.Adopt(now));
  if (status.ok()) return (void)(is_missed_ = false);
  next_look_for_files_ = loop_.now() + kBetweenTries;
  if (std::exchange(is_missed_, true)) return;
  log_.Write(Severity::kError,
             absl::StrCat("the file of the admin socket was removed, and cannot be put back: ",
                          status.message()));
}

}  // namespace muster::master
