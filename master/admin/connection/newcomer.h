#ifndef MUSTER_MASTER_ADMIN_CONNECTION_NEWCOMER_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_NEWCOMER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"
#include "muster/master/admin/connection/peer.h"

namespace muster::master {

// One connection, with the two descriptors that it needs as long as it lives: gRPC reads, writes
// and closes one; by the other the loop sees its end.
struct ClientSocket {
  ipc::UniqueFd grpc;
  ipc::UniqueFd watch;
  Peer peer;

  // Takes `connection`. Fails when there is no descriptor left, or when the client has hung up
  // (FailedPrecondition).
  static absl::StatusOr<ClientSocket> Make(ipc::UniqueFd connection);
};

// A connection whose client has not sent the first bytes yet: the 24 with which HTTP/2 begins, or
// those of a handshake of TLS. It has cost no gRPC server, and takes nothing of what arrives: it
// only looks. In the loop's thread.
class Newcomer final : private loop::Handler {
 public:
  // The bytes are sent at once by every client that means to speak.
  static constexpr std::chrono::seconds kPatience{10};

  enum class Greeting { kHttp2, kTls };

  // `on_result` is called once, and may destroy this. OK: what is expected begins. InvalidArgument:
  // something else does. PermissionDenied: descriptors came with it, and closing the socket may
  // block. Cancelled: the client has hung up. DeadlineExceeded: nothing came within kPatience.
  using Result = std::function<void(Newcomer&, const absl::Status&)>;

  // `loop` outlives it.
  Newcomer(loop::EventLoop& loop, ClientSocket socket, Greeting expected, Result on_result);
  ~Newcomer() override;

  // Looks at what is there already, and waits for the rest. Call it once.
  void Start();

  // Gives the connection away. Destroy this next.
  ClientSocket TakeSocket();
  const Peer& peer() const { return socket_.peer; }
  Greeting expected() const { return expected_; }

 private:
  void OnEvents(std::uint32_t events) override;
  // False: what has come is the beginning of the right bytes. Errors as on_result gets them.
  absl::StatusOr<bool> HasBegun() const;
  void Unwatch();
  void Finish(const absl::Status& result);

  loop::EventLoop& loop_;
  ClientSocket socket_;
  const Greeting expected_;
  const Result on_result_;
  loop::Timer deadline_;
  bool is_watched_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_NEWCOMER_H_
