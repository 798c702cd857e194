#ifndef MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_H_
#define MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/call_interceptor.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/server/admin_clients.h"
#include "muster/master/admin/server/admin_doors.h"
#include "muster/master/admin/server/tls_in_force.h"
#include "muster/master/admin/watch/watches.h"
#include "muster/master/events/handshake_audit.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/master/tls/tls_material.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {

// The admin service, the standard health service and server reflection, on Unix sockets and TCP. It
// accepts in the loop (admin_doors.h), and gives each connection a gRPC server
// (admin_connection.h). The number of connections of each kind is bounded (admin_clients.h). To be
// used in the loop's thread.
class AdminServer {
 public:
  // What it needs beside the loop; all outlives it.
  struct Surroundings {
    loop::EventLoop& loop;
    HealthBoard& health;
    Log& log;
    // Binds Unix sockets anew whose files were removed (Deployments::RestoreForMaster). Called once
    // in a while.
    std::function<absl::Status(ListenerSet& now)> restore;
    // Null, or called: with what the files of TLS have next, in the loop's thread; for each call
    // that is answered, and for each one that is refused since its caller has too many under way,
    // in a thread of gRPC's; for each handshake of TLS that failed, in the loop's.
    std::function<void(const TlsMaterial&)> on_tls = nullptr;
    CountCall count_call = nullptr;
    std::function<void(bool is_stream)> count_over_bound = nullptr;
    std::function<void()> count_refused_handshake = nullptr;
  };

  // Accepts from the sockets in `listeners` that are for the admin service, which listen. All
  // signals should be blocked in the calling thread, so that gRPC's threads never take one.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const ListenerSet& listeners,
                                                            const AdminTerms& terms,
                                                            AdminOperations operations,
                                                            Surroundings surroundings);
  // Ends calls without an answer with UNAVAILABLE, and waits until all answers are delivered, for
  // a quarter of a second at most. The loop must not run after it.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // How often it looks whether the files of its sockets are there, and puts them back if not; and
  // how long after a failure it tries again.
  static constexpr std::chrono::seconds kBetweenLooks{1};
  static constexpr std::chrono::seconds kBetweenTries{10};

  // From now on accepts from these sockets, and asks these rules for calls that begin, and for
  // streams under way. Connections stay, whichever socket they came from. After an error it accepts
  // from those of the sockets from which it can.
  absl::Status Keep(const ListenerSet& listeners, const AdminTerms& terms);

  // Serves this end of a connection as that of a client over a Unix socket.
  absl::Status Take(ipc::UniqueFd connection) { return unix_->Take(std::move(connection)); }

  // What is in force for TLS.
  const std::optional<TlsMaterial>& tls_material() const { return tls_.material(); }

  const AdminClients& unix_clients() const { return *unix_; }
  const AdminClients& tcp_clients() const { return *tcp_; }
  std::size_t connections() const { return unix_->connections() + tcp_->connections(); }
  // Who has how many calls under way.
  const CallPlaces& places() const { return gate_.places(); }

 private:
  AdminServer(const AdminTerms& terms, AdminOperations operations, Surroundings surroundings);

  absl::Status MakeClients();
  AdminClients& ClientsOf(bool is_unix) { return is_unix ? *unix_ : *tcp_; }
  void OnRefusedHandshake(const Peer& peer, AdminClients::Refused::Reason reason);
  void Look();
  void LookAfterFiles();

  const Surroundings surroundings_;
  loop::EventLoop& loop_;
  const AdminOperations operations_;
  HealthBoard& health_;
  Log& log_;
  AccessGate gate_;
  Watches watches_;
  HandshakeAudit handshakes_;
  TlsInForce tls_;
  // Has no connections. It keeps gRPC's threads, which end with the last server.
  grpc::health::v1::Health::CallbackService resident_service_;  // which a server must have
  std::unique_ptr<grpc::Server> resident_;
  AdminDoors doors_;
  std::unique_ptr<AdminClients> unix_;
  std::unique_ptr<AdminClients> tcp_;
  loop::Timer look_;
  loop::TimePoint next_look_for_files_{};
  bool is_missed_ = false;  // a socket's file, and the log has why
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_ADMIN_SERVER_H_
