#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CALL_INTERCEPTOR_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CALL_INTERCEPTOR_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/server_interceptor.h"

namespace muster::master {

// Told of each call that a gRPC server answers: the path of the method, and the code. Thread-safe.
using CountCall = std::function<void(absl::string_view path, grpc::StatusCode code)>;

// Stands between a gRPC server and all its services, whoever wrote them. No status is longer than
// a client takes (status_bound.h). Called in gRPC's threads.
//
// gRPC has a call with an interceptor go through its queue once more for each message. So streams
// with many messages may account for themselves, and bound their statuses.
class CallInterceptor final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // All thread-safe.
  struct Terms {
    CountCall count;  // null: nobody counts
    // Called for each call when it is over and nothing of it is left in this process.
    std::function<void(const grpc::ServerContextBase*)> end;
    // The answer to a request whose bytes are no message of its type. gRPC's own is UNIMPLEMENTED,
    // as if there were no such method.
    grpc::Status unreadable;
    // Calls of this path are not looked at: they count themselves, tell their end, and bound their
    // statuses. Null: there are none.
    std::function<bool(absl::string_view path)> leaves_alone;
  };
  explicit CallInterceptor(Terms terms) : terms_(std::move(terms)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  const Terms terms_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CALL_INTERCEPTOR_H_
