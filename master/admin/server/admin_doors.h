#ifndef MUSTER_MASTER_ADMIN_SERVER_ADMIN_DOORS_H_
#define MUSTER_MASTER_ADMIN_SERVER_ADMIN_DOORS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/connection/socket_acceptor.h"
#include "muster/master/listen/listener.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"

namespace muster::master {

// The listening sockets of the admin service, and who accepts from them. In the loop's thread.
class AdminDoors {
 public:
  struct Surroundings {
    loop::EventLoop& loop;
    Log& log;
    // A client has connected over a socket of this kind.
    std::function<void(bool is_unix, SocketAcceptor&, ipc::UniqueFd)> on_connection;
    // Destroys in another thread what may block.
    std::function<void(bool is_unix, std::shared_ptr<void>)> close;
    // Whether TCP has TLS.
    std::function<bool()> has_tls;
  };

  explicit AdminDoors(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  AdminDoors(const AdminDoors&) = delete;
  AdminDoors& operator=(const AdminDoors&) = delete;

  // From now on accepts from those of `listeners` that are for the admin service, and logs what is
  // different. After an error it accepts from those of them from which it can.
  absl::Status Adopt(const ListenerSet& listeners);

  // Whether clients are left where they wait, on sockets of this kind, also on those that come.
  void SetPaused(bool is_unix, bool is_paused);

 private:
  // A socket, and who accepts from it.
  struct Door {
    std::shared_ptr<const Listener> socket;
    std::unique_ptr<SocketAcceptor> acceptor;
  };

  std::vector<std::string> Addresses() const;
  // What is different since there were those addresses.
  void Tell(const std::vector<std::string>& before);
  absl::StatusOr<Door> Open(std::shared_ptr<const Listener> socket);
  void Close(Door door, const std::vector<std::string>& now);

  const Surroundings surroundings_;
  std::vector<Door> doors_;
  bool is_unix_paused_ = false;
  bool is_tcp_paused_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_ADMIN_DOORS_H_
