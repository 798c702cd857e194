// A worker without descriptors. Not with UBSan, which makes a pipe to look at a pointer.

#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/runtime/acceptor.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/testing/loopback_listener.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {
namespace {

using testing::TestClient;

class Keeper : public Service {
 public:
  void OnConnection(Connection connection) override {
    connections.push_back(std::move(connection));
  }
  absl::Status Reopen() override { return absl::OkStatus(); }
  void Drain(Idle) override {}

  std::vector<Connection> connections;
};

class AcceptorDescriptorsTest : public ::testing::Test {
 protected:
  AcceptorDescriptorsTest()
      : loop_(*loop::EventLoop::Create()),
        log_(*ErrorLog::Open(config::v1::Log(), "test")),
        count_(stats_.active) {
    config_.set_worker_connections(100);
  }

  std::unique_ptr<Acceptor> MakeAcceptor() {
    std::vector<InheritedListener> listeners;
    listeners.push_back(listener_.Inherit());
    auto acceptor = Acceptor::Create({*loop_, log_, count_, stats_, keeper_}, config_,
                                     std::move(listeners), std::nullopt);
    EXPECT_TRUE(acceptor.ok()) << acceptor.status();
    return *std::move(acceptor);
  }
  void RunOnce() { ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok()); }

  config::v1::Config config_;
  std::unique_ptr<loop::EventLoop> loop_;
  ErrorLog log_;
  SlotStats stats_;
  ConnectionCount count_;
  Keeper keeper_;
  testing::LoopbackListener listener_;
};

// They wait in the listener, for this worker or another.
TEST_F(AcceptorDescriptorsTest, PausesWithoutADescriptorAndGoesOnLater) {
  const auto acceptor = MakeAcceptor();
  const TestClient client(listener_.port());
  ::testing::internal::CaptureStderr();
  rlimit all = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &all), 0);
  const ipc::UniqueFd lowest_free(::dup(STDERR_FILENO));
  const rlimit none = {static_cast<rlim_t>(lowest_free.get()) + 1, all.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  RunOnce();
  RunOnce();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &all), 0);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(keeper_.connections.empty());
  EXPECT_EQ(log.find("Too many open files"), log.rfind("Too many open files")) << log;
  EXPECT_NE(log.find("Too many open files"), std::string::npos) << log;

  ASSERT_TRUE(loop_->RunOnce().ok());  // until the pause is over
  RunOnce();
  EXPECT_EQ(keeper_.connections.size(), 1u);
}

}  // namespace
}  // namespace muster::worker
