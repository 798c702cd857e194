#ifndef MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
#define MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/process/address.h"
#include "muster/master/process/log.h"

namespace grpc {
class Server;
}  // namespace grpc

namespace muster::master {

class AdminService;

// A gRPC server with the admin service, the standard health service and server reflection, on a
// Unix socket of mode 0600. To be used in the loop's thread.
class AdminServer {
 public:
  // Prepares the socket (admin_socket.h) and listens. `loop` and `log` outlive the server. All
  // signals should be blocked in the calling thread, so that gRPC's threads never take one.
  // AlreadyExists: somebody answers on the socket.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const Address& address,
                                                            loop::EventLoop& loop,
                                                            AdminOperations operations, Log& log);
  // Ends calls without an answer with UNAVAILABLE, and waits until all answers are delivered, for
  // a quarter of a second at most. Removes the socket. The loop must not run after it.
  ~AdminServer();

 private:
  AdminServer(std::unique_ptr<AdminService> service, std::unique_ptr<grpc::Server> server);

  std::unique_ptr<AdminService> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_SERVER_H_
