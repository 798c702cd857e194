#ifndef MUSTER_MASTER_ADMIN_ADMIN_CONNECTION_H_
#define MUSTER_MASTER_ADMIN_ADMIN_CONNECTION_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/master/admin/access_gate.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/admin_service.h"
#include "muster/master/admin/connection/call_interceptor.h"
#include "muster/master/admin/connection/channelz_service.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/master/admin/connection/health_service.h"
#include "muster/master/admin/connection/newcomer.h"
#include "muster/master/admin/connection/peer.h"
#include "muster/master/admin/connection/reflection_service.h"
#include "muster/master/admin/connection/server_tls.h"
#include "muster/master/admin/watch/watches.h"
#include "muster/master/process/log.h"

namespace grpc {
class Server;
namespace experimental {
class ExternalConnectionAcceptor;
}  // namespace experimental
}  // namespace grpc

namespace muster::master {

// One client's connection with a gRPC server of its own, so that its services know whose calls they
// get. It has two descriptors and no thread: gRPC's threads are shared by all servers. The loop
// watches for its end.
class AdminConnection final : private loop::Handler {
 public:
  // What outlives all connections.
  struct Surroundings {
    loop::EventLoop& loop;
    Log& log;
    const AdminOperations& operations;
    HealthBoard& health;
    AccessGate& gate;
    Watches& watches;
    CountCall count_call;  // null: nobody counts
  };

  // `tls`: null on a Unix socket, and for TCP without TLS. `on_end` is called in the loop, once,
  // when the client has hung up or gRPC has closed the connection. It may leave, and give the
  // connection away. `on_verified`, with TLS, is called in a thread of gRPC's when the handshake
  // has succeeded; the connection may be gone when it has its effect.
  static absl::StatusOr<std::unique_ptr<AdminConnection>> Serve(
      const Surroundings& surroundings, ClientSocket socket, const ServerTls* tls,
      std::function<void(AdminConnection&)> on_end,
      std::function<void(const AdminConnection*)> on_verified);
  // Cancels what Leave left, and waits for gRPC. In any thread; may block.
  ~AdminConnection() override;

  // Ends the calls to the admin service with UNAVAILABLE, and watches no more. In the loop's
  // thread; does not block. Destroy it next, or call Deliver.
  void Leave();
  // Waits until all answers are delivered and the client has hung up, until `deadline` at most. In
  // any thread.
  void Deliver(std::chrono::system_clock::time_point deadline);

  // Whether a call is under way, apart from reflection.
  bool IsBusy() const;
  // When the last call to the admin service began or was answered; else when the connection did.
  loop::TimePoint last_used() const { return admin_.last_used(); }
  const Peer& peer() const { return peer_; }
  // How long ago the connection began.
  loop::TimePoint::duration age(loop::TimePoint now) const { return now - began_; }
  // The duplicate of its socket, by which its end is seen.
  int watched() const { return watch_.get(); }

  // Whether it is known who the client is, or that nobody will know. In the loop's thread.
  bool is_verified() const { return is_verified_; }
  void SetVerified() { is_verified_ = true; }
  // The same, also when the loop has not been told yet.
  bool is_handshake_over() const { return is_handshake_over_.load(std::memory_order_acquire); }

 private:
  AdminConnection(const Surroundings& surroundings, const Peer& peer,
                  std::function<void(AdminConnection&)> on_end);
  void OnEvents(std::uint32_t events) override;

  loop::EventLoop& loop_;
  const Peer peer_;
  const loop::TimePoint began_;
  const std::function<void(AdminConnection&)> on_end_;
  AdminService admin_;
  HealthService health_;
  ChannelzService channelz_;
  ReflectionService reflection_;
  ipc::UniqueFd watch_;
  bool is_watched_ = false;
  bool is_verified_ = true;
  std::atomic<bool> is_handshake_over_ = true;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> tls_acceptor_;
  std::unique_ptr<grpc::Server> server_;  // null only if it could not be made
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_CONNECTION_H_
