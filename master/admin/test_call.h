#ifndef MUSTER_MASTER_ADMIN_TEST_CALL_H_
#define MUSTER_MASTER_ADMIN_TEST_CALL_H_

#include <memory>
#include <optional>

#include "grpcpp/grpcpp.h"
#include "grpcpp/test/default_reactor_test_peer.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/connection/peer.h"
#include "muster/master/process/log.h"

namespace muster::master {

// For tests: one call without a server, and the loop that it is carried to.
class TestCall {
 public:
  loop::EventLoop& loop() { return *loop_; }
  Log& log() { return log_; }
  AdminCalls& calls() { return calls_; }
  // To be given to the method that is tested, once.
  grpc::CallbackServerContext* context() { return &context_; }

  // Does what was posted to the loop.
  void RunLoop() {
    loop_->Post([this] { loop_->Stop(); });
    loop_->Run().IgnoreError();
  }
  // How the call was finished. Nothing: not yet.
  std::optional<grpc::Status> status() const {
    if (!peer_.test_status_set()) return std::nullopt;
    return peer_.test_status();
  }

 private:
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  Log log_;
  AdminCalls calls_{*loop_, log_, Peer{.pid = 4711, .uid = 1000, .gid = 1000}};
  grpc::CallbackServerContext context_;
  grpc::testing::DefaultReactorTestPeer peer_{&context_};
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_TEST_CALL_H_
