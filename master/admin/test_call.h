#ifndef MUSTER_MASTER_ADMIN_TEST_CALL_H_
#define MUSTER_MASTER_ADMIN_TEST_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "muster/loop/event_loop.h"
#include "muster/master/admin/admin_calls.h"
#include "muster/master/admin/admin_operations.h"
#include "muster/master/admin/connection/peer.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/process/log.h"

namespace muster::master {

// For tests: an order that is answered at once with this outcome.
inline AdminOperations::Order AnsweredWith(const Outcome& outcome) {
  return [outcome](const AdminOperations::Reply& reply) {
    reply(outcome);
    return RequestId{5};
  };
}

// For tests: one call without a server, and the loop that it is carried to. Stands for gRPC.
class TestCall : private grpc::ServerCallbackUnary {
 public:
  // Whoever answers the call may be gone by now.
  ~TestCall() override {
    if (reactor_ != nullptr) reactor_->OnDone();
  }

  loop::EventLoop& loop() { return *loop_; }
  Log& log() { return log_; }
  EventRing& events() { return events_; }
  CallAudit& audit() { return audit_; }
  const AdminOperations& operations() const { return operations_; }
  AdminCalls& calls() { return calls_; }
  // To be given to the method that is tested, once.
  grpc::CallbackServerContext* context() { return &context_; }
  // To be told what the method returned.
  void Bind(grpc::ServerUnaryReactor* reactor) {
    reactor_ = reactor;
    BindReactor(reactor);
  }
  void Cancel() { reactor_->OnCancel(); }

  // Does what was posted to the loop.
  void RunLoop() {
    loop_->Post([this] { loop_->Stop(); });
    loop_->Run().IgnoreError();
  }
  // How the call was finished. Nothing: not yet.
  const std::optional<grpc::Status>& status() const { return status_; }
  // The requests that were withdrawn, each with the reason: "5: its caller hung up".
  const std::vector<std::string>& withdrawn() const { return withdrawn_; }

 private:
  void Finish(grpc::Status status) override { status_ = std::move(status); }
  void SendInitialMetadata() override {}
  grpc::internal::ServerReactor* reactor() override { return reactor_; }
  void CallOnDone() override {}

  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  Log log_;
  std::vector<std::string> withdrawn_;
  EventRing events_;
  CallAudit audit_{events_, log_};
  AdminOperations operations_ = [this] {
    AdminOperations operations;
    operations.generation = [] { return 4; };
    operations.withdraw = [this](RequestId request, const std::string& why) {
      withdrawn_.push_back(absl::StrCat(request, ": ", why));
    };
    operations.audit = &audit_;
    operations.events = &events_;
    return operations;
  }();
  AdminCalls calls_{*loop_, log_, operations_, Peer{.pid = 4711, .uid = 1000, .gid = 1000}};
  grpc::CallbackServerContext context_;
  grpc::ServerUnaryReactor* reactor_ = nullptr;
  std::optional<grpc::Status> status_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_TEST_CALL_H_
