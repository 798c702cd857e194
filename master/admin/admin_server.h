#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/process/address.h"
#include "muster/master/process/log.h"
#include "muster/proto/admin.pb.h"

namespace grpc {
class Server;
}  // namespace grpc

namespace muster::master {

// muster.admin.v1.Admin, with the standard health service and server reflection, on a Unix
// socket of mode 0600. gRPC's threads only carry a call to the loop's thread and the
// outcome back; they wait for nothing, so any number of calls may be under way.
class AdminServer {
 public:
  using Reply = std::function<void(const Outcome&)>;

  // What the calls ask of the master. Called in the loop's thread. Each Reply is called once,
  // in that thread, when the change is complete or did not happen.
  struct Operations {
    std::function<admin::v1::Status()> status;
    std::function<void(Reply)> reload;
    std::function<void(Reply)> reopen;
    std::function<void(Reply)> quit;
    std::function<void(Reply)> stop;
  };

  // AlreadyExists: somebody answers on the socket already; the message tells its pid. Makes the
  // socket's folder if it is absent. Start does the same.
  static absl::Status MakeWay(const Address& address);

  // `loop` and `log` outlive it. All signals should be blocked in the calling thread, so that
  // gRPC's threads never take one. AlreadyExists: somebody answers on the socket.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const Address& address,
                                                            loop::EventLoop& loop,
                                                            Operations operations, Log& log);
  // Ends calls without an answer with UNAVAILABLE, and waits until all answers are delivered, for
  // a quarter of a second at most. Removes the socket. In the loop's thread; the loop must not run
  // after it.
  ~AdminServer();

 private:
  class Service;
  AdminServer(std::unique_ptr<Service> service, std::unique_ptr<grpc::Server> server);

  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
