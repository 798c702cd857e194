#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/master/access/access_policy.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/admin_connection.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/admin_socket.h"
#include "muster/master/admin/connection/closer.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/connection/newcomer.h"
#include "muster/master/admin/connection/socket_acceptor.h"
#include "muster/master/listen/address.h"
#include "muster/master/listen/socket_rights.h"
#include "muster/master/process/log.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {

// The admin service, the standard health service and server reflection, on a Unix socket. It
// accepts in the loop, and gives each connection a gRPC server (admin_connection.h). The number of
// connections is bounded, so that one client cannot keep the others out: when there are too many,
// the one makes room that was idle longest, or else one of the user who has most. To be used in the
// loop's thread.
class AdminServer {
 public:
  // Connections with a gRPC server, two descriptors each.
  static constexpr std::size_t kMostConnections = 128;
  // Connections that have not begun to speak, two descriptors each.
  static constexpr std::size_t kMostNewcomers = 64;
  // Connections that wait for their end. While there are more, none is accepted.
  static constexpr std::size_t kMostClosing = 64;

  // Prepares the socket (admin_socket.h) and listens. `loop`, `health` and `log` outlive the
  // server. All signals should be blocked in the calling thread, so that gRPC's threads never take
  // one. AlreadyExists: somebody answers on the socket.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const Address& address,
                                                            const AdminTerms& terms,
                                                            loop::EventLoop& loop,
                                                            AdminOperations operations,
                                                            HealthBoard& health, Log& log);
  // Ends calls without an answer with UNAVAILABLE, and waits until all answers are delivered, for
  // a quarter of a second at most. Removes the socket. The loop must not run after it.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // How often it looks whether the socket's file is there, and puts it back if not; and how long
  // after a failure it tries again.
  static constexpr std::chrono::seconds kBetweenLooks{1};
  static constexpr std::chrono::seconds kBetweenTries{10};

  // Asks these rules for calls that begin from now on. Gives the socket's file these rights, and
  // makes it again if it was removed. AlreadyExists: another process listens at its path by now.
  // After an error the file is as it was.
  absl::Status Keep(const AdminTerms& terms);

  std::size_t connections() const { return connections_.size(); }

 private:
  AdminServer(const Address& address, AccessPolicy access, loop::EventLoop& loop,
              AdminOperations operations, HealthBoard& health, Log& log);

  void OnConnection(ipc::UniqueFd connection);
  void OnGreeting(Newcomer& newcomer, const absl::Status& result);
  void Serve(ClientSocket socket);
  absl::Status KeepSocket(const SocketRights& rights);
  void LookAfterSocket();
  // For a connection of this user. False: all connections are busy, and no user has clearly more.
  bool MakeRoom(uid_t uid);
  void End(AdminConnection& connection);
  // Destroys it elsewhere.
  void Close(std::shared_ptr<void> last);
  // Logs it, unless it has logged another problem within a minute.
  void Complain(const std::string& problem);

  const Address address_;
  loop::EventLoop& loop_;
  const AdminOperations operations_;
  HealthBoard& health_;
  Log& log_;
  AccessGate gate_;
  // Has no connections. It keeps gRPC's threads, which end with the last server.
  grpc::health::v1::Health::CallbackService resident_service_;  // which a server must have
  std::unique_ptr<grpc::Server> resident_;
  std::unique_ptr<Closer> closer_;
  std::unique_ptr<AdminSocket> socket_;
  SocketAcceptor acceptor_;
  std::list<std::unique_ptr<Newcomer>> newcomers_;  // the oldest first
  std::list<std::unique_ptr<AdminConnection>> connections_;
  loop::Timer look_;
  bool is_missed_ = false;  // the socket's file, and the log has why
  loop::TimePoint next_complaint_{};
  std::uint64_t complaints_left_out_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
