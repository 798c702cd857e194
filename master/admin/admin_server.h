#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/admin_connection.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/call_counter.h"
#include "muster/master/admin/connection/closer.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/connection/newcomer.h"
#include "muster/master/admin/connection/server_tls.h"
#include "muster/master/admin/connection/socket_acceptor.h"
#include "muster/master/admin/watch/watches.h"
#include "muster/master/events/refusal_limit.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"
#include "muster/master/tls/tls_material.h"
#include "muster/master/tls/tls_watch.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {

// The admin service, the standard health service and server reflection, on Unix sockets and TCP. It
// accepts in the loop, and gives each connection a gRPC server (admin_connection.h). The number of
// connections is bounded, so that one client cannot keep the others out: when there are too many,
// the one makes room that was idle longest, or else one of the user or the host who has most. Those
// that have not shown their certificate yet take no place of the others. To be used in the loop's
// thread.
class AdminServer {
 public:
  // Connections with a gRPC server, two descriptors each, where the process may have enough: they
  // take a quarter of its descriptors at most, and so many are allowed in any case.
  static constexpr std::size_t kMostConnections = 1024;
  static constexpr std::size_t kLeastConnections = 32;
  // Connections that have not begun to speak, two descriptors each.
  static constexpr std::size_t kMostNewcomers = 64;
  // Connections in the handshake of TLS, as many more.
  static constexpr std::size_t kMostUnverified = 32;
  // Connections that wait for their end. While there are more, none is accepted.
  static constexpr std::size_t kMostClosing = 64;

  // What it needs beside the loop; all outlives it.
  struct Surroundings {
    loop::EventLoop& loop;
    HealthBoard& health;
    Log& log;
    // Binds Unix sockets anew whose files were removed (Deployments::RestoreForMaster). Called once
    // in a while.
    std::function<absl::Status(ListenerSet& now)> restore;
    // Null, or called: with what the files of TLS have next, in the loop's thread; for each call
    // that is answered, in a thread of gRPC's; for each handshake of TLS that failed, in the
    // loop's.
    std::function<void(const TlsMaterial&)> on_tls = nullptr;
    CountCall count_call = nullptr;
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

  // From now on accepts from these sockets, and asks these rules for calls that begin. Connections
  // stay, whichever socket they came from. After an error it accepts from those of the sockets from
  // which it can.
  absl::Status Keep(const ListenerSet& listeners, const AdminTerms& terms);

  // What is in force for TLS.
  const std::optional<TlsMaterial>& tls_material() const { return tls_material_; }

  std::size_t connections() const { return connections_.size(); }
  // By the limit of descriptors (RLIMIT_NOFILE) at the start.
  std::size_t most_connections() const { return most_connections_; }

 private:
  // A socket, and who accepts from it.
  struct Door {
    std::shared_ptr<const Listener> socket;
    std::unique_ptr<SocketAcceptor> acceptor;
  };

  AdminServer(const AdminTerms& terms, AdminOperations operations, Surroundings surroundings);

  absl::Status Adopt(const ListenerSet& listeners);
  std::vector<std::string> Addresses() const;
  // What is different since there were those addresses.
  void LogDoors(const std::vector<std::string>& before);
  absl::StatusOr<Door> Open(std::shared_ptr<const Listener> socket);
  absl::Status SetTls(const AdminTerms& terms);
  void UseTls(const std::optional<TlsMaterial>& material);
  void OnTlsChange(const absl::StatusOr<TlsMaterial>& material);
  void LogTls(const TlsMaterial& material);
  void SetPaused(bool is_paused);

  void OnConnection(SocketAcceptor& acceptor, ipc::UniqueFd connection);
  void OnGreeting(Newcomer& newcomer, const absl::Status& result);
  void Serve(ClientSocket socket, const ServerTls* tls);
  void OnVerified(const AdminConnection* connection);
  void OnEnd(AdminConnection& connection);
  void LookAfterFiles();
  // For a connection with this share. False: all connections are busy, and nobody has clearly more.
  bool MakeRoom(const std::string& share, const AdminConnection* for_whom = nullptr);
  void MakeRoomForUnverified();
  std::size_t CountVerified() const;
  void End(AdminConnection& connection);
  // Destroys it elsewhere.
  void Close(std::shared_ptr<void> last);
  // Logs it, unless it has logged another problem within a minute.
  void Complain(const std::string& problem);

  const Surroundings surroundings_;
  const std::size_t most_connections_;
  loop::EventLoop& loop_;
  const AdminOperations operations_;
  HealthBoard& health_;
  Log& log_;
  AccessGate gate_;
  Watches watches_;
  std::optional<TlsMaterial> tls_material_;
  std::unique_ptr<ServerTls> tls_;  // null: none
  std::unique_ptr<TlsWatch> tls_watch_;
  RefusalLimit tls_refusals_;
  // Has no connections. It keeps gRPC's threads, which end with the last server.
  grpc::health::v1::Health::CallbackService resident_service_;  // which a server must have
  std::unique_ptr<grpc::Server> resident_;
  std::unique_ptr<Closer> closer_;
  std::vector<Door> doors_;
  bool is_paused_ = false;
  std::list<std::unique_ptr<Newcomer>> newcomers_;  // the oldest first
  std::list<std::unique_ptr<AdminConnection>> connections_;
  loop::Timer look_;
  bool is_missed_ = false;  // a socket's file, and the log has why
  loop::TimePoint next_complaint_{};
  std::uint64_t complaints_left_out_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
