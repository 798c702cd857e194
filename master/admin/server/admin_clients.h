#ifndef MUSTER_MASTER_ADMIN_SERVER_ADMIN_CLIENTS_H_
#define MUSTER_MASTER_ADMIN_SERVER_ADMIN_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/clock.h"
#include "muster/master/admin/admin_connection.h"
#include "muster/master/admin/connection/closer.h"
#include "muster/master/admin/connection/newcomer.h"
#include "muster/master/admin/connection/server_tls.h"
#include "muster/master/admin/connection/socket_acceptor.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

// The clients of the admin service on one kind of sockets, Unix or TCP, from their first byte to
// their end. Each kind has places of its own, so that no number of clients from elsewhere keeps a
// user of this machine out. When there are too many, the one makes room that was idle longest, or
// else one of the user or the host who has most. Those that have not shown their certificate yet
// take no place of the others, and some places are kept for the owners. In the loop's thread.
class AdminClients {
 public:
  // Connections with a gRPC server, two descriptors each, where the process may have enough: those
  // of each kind take an eighth of its descriptors at most, and so many are allowed in any case.
  static constexpr std::size_t kMostConnections = 1024;
  static constexpr std::size_t kLeastConnections = 32;
  // As many more, which only root, the master's user and admin.owner get.
  static constexpr std::size_t kForOwners = 8;
  // Connections that have not begun to speak, two descriptors each.
  static constexpr std::size_t kMostNewcomers = 64;
  // Connections in the handshake of TLS, as many more.
  static constexpr std::size_t kMostUnverified = 32;
  // Connections that wait for their end. While there are more, none is accepted.
  static constexpr std::size_t kMostClosing = 64;

  using Refused = admin::v1::RefusedHandshake;

  // What all of it outlives.
  struct Surroundings {
    AdminConnection::Surroundings connection;
    // What is in force for TLS; null: nothing is, as always for Unix sockets.
    std::function<const ServerTls*()> tls;
    // Whether connections of this kind are left where they wait to be accepted.
    std::function<void(bool is_paused)> pause;
    // A client over TLS did not get as far as a call.
    std::function<void(const Peer&, Refused::Reason)> on_refused_handshake;
  };
  static absl::StatusOr<std::unique_ptr<AdminClients>> Create(Surroundings surroundings);
  AdminClients(const AdminClients&) = delete;
  AdminClients& operator=(const AdminClients&) = delete;

  // A client has connected. `acceptor`, which accepted it, is paused if there is no descriptor
  // left.
  void Take(SocketAcceptor& acceptor, ipc::UniqueFd connection);
  // The same of one that nobody has accepted. Error: it cannot be served.
  absl::Status Take(ipc::UniqueFd connection);
  // Destroys it in a thread beside the loop, since that may block.
  void Close(std::shared_ptr<void> last);

  // Closes those that have not begun to speak, and ends the calls of the others with UNAVAILABLE.
  // Returns these, whose answers are still to be delivered. Takes none any more.
  std::vector<AdminConnection*> Leave();

  std::size_t connections() const { return connections_.size(); }
  // By the limit of descriptors (RLIMIT_NOFILE) at the start.
  std::size_t most_connections() const { return most_connections_; }

 private:
  explicit AdminClients(Surroundings surroundings);

  void OnGreeting(Newcomer& newcomer, const absl::Status& result);
  void Refuse(const ClientSocket& socket, bool has_tls, const absl::Status& why);
  void Serve(ClientSocket socket, const ServerTls* tls);
  void OnVerified(const AdminConnection* connection);
  void OnEnd(AdminConnection& connection);
  // For a connection of this client. False: all connections are busy, and nobody has clearly more.
  bool HasRoom(const Peer& peer, const AdminConnection* for_whom = nullptr);
  bool MakeRoom(const std::string& share, const AdminConnection* for_whom);
  void MakeRoomForUnverified();
  std::size_t CountVerified() const;
  void End(AdminConnection& connection);
  // Logs it, unless it has logged another problem within a minute.
  void Complain(const std::string& problem);

  const Surroundings surroundings_;
  const std::size_t most_connections_;
  loop::EventLoop& loop_;
  std::unique_ptr<Closer> closer_;
  std::list<std::unique_ptr<Newcomer>> newcomers_;  // the oldest first
  std::list<std::unique_ptr<AdminConnection>> connections_;
  loop::TimePoint next_complaint_{};
  std::uint64_t complaints_left_out_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_ADMIN_CLIENTS_H_
