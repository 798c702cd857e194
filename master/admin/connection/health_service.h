#ifndef MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_SERVICE_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_SERVICE_H_

#include <atomic>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "muster/master/admin/connection/access_question.h"
#include "muster/master/admin/connection/health_board.h"
#include "muster/proto/health.grpc.pb.h"

namespace muster::master {

// grpc.health.v1.Health for one gRPC server, from a board that many share. gRPC's own health
// service has states of its own in each server. Called in gRPC's threads. `board` outlives it, and
// the gRPC server does not.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  HealthService(HealthBoard& board, AccessQuestion may_call, StreamFollower follow)
      : board_(board), may_call_(std::move(may_call)), follow_(std::move(follow)) {}

  // How many calls of Watch are under way. Thread-safe.
  int watching() const { return watching_.load(std::memory_order_relaxed); }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  HealthBoard& board_;
  const AccessQuestion may_call_;
  const StreamFollower follow_;
  std::atomic<int> watching_ = 0;  // a count for its own sake: it orders nothing
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_HEALTH_SERVICE_H_
