#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_FIXTURE_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_FIXTURE_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/accept/accept_mutex.h"
#include "muster/worker/runtime/accept/acceptor.h"
#include "muster/worker/runtime/accept/admission.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/inheritance.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// Keeps its connections.
class Keeper : public Service {
 public:
  void OnConnection(Connection connection) override {
    connections.push_back(std::move(connection));
  }
  absl::Status Reopen() override { return absl::OkStatus(); }
  void Drain(Idle) override {}

  std::vector<Connection> connections;
};

// An acceptor with one listener, and a loop that runs when the test says so.
class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest()
      : loop_(*loop::EventLoop::Create()),
        log_(*ErrorLog::Open(config::v1::Log(), "test")),
        count_(stats_.active),
        admission_({*loop_, log_, count_, stats_, status_, keeper_}) {
    config_.set_worker_connections(100);
  }

  std::vector<InheritedListener> InheritedListeners() {
    std::vector<InheritedListener> listeners;
    listeners.push_back(listener_.Inherit());
    return listeners;
  }
  std::unique_ptr<Acceptor> MakeAcceptor(std::optional<AcceptTurns> turns = std::nullopt) {
    auto acceptor = Acceptor::Create({*loop_, log_, count_, stats_, admission_}, config_,
                                     InheritedListeners(), std::move(turns));
    EXPECT_TRUE(acceptor.ok()) << acceptor.status();
    EXPECT_TRUE((*acceptor)->Start().ok());
    return *std::move(acceptor);
  }
  void RunOnce() { ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok()); }

  config::v1::Config config_;
  std::unique_ptr<loop::EventLoop> loop_;
  ErrorLog log_;
  SlotStats stats_;
  ConnectionCount count_;
  WorkerStatus status_ = {};
  Keeper keeper_;
  Admission admission_;
  testing::LoopbackListener listener_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_FIXTURE_H_
