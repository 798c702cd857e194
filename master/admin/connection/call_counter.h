#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CALL_COUNTER_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CALL_COUNTER_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/server_interceptor.h"

namespace muster::master {

// Told of each call that a gRPC server answers: the path of the method, and the code. Thread-safe.
using CountCall = std::function<void(absl::string_view path, grpc::StatusCode code)>;

// Stands between a gRPC server and all its services, whoever wrote them, and counts what they
// answer. Called in gRPC's threads.
class CallCounter final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallCounter(CountCall count) : count_(std::move(count)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  const CountCall count_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CALL_COUNTER_H_
