// As many clients as there is room for, and more.

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/process_usage.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using std::chrono::milliseconds;

bool AwaitActive(RunningMaster& muster, std::uint64_t count) {
  return muster.AwaitStatus([count](const admin::v1::Status& status) {
    return status.stats().total().active() == count;
  });
}

TEST(ManyConnections, TenThousandIdleOnesTakeLessThanAKibibyteEach) {
  constexpr int kIdle = 10'000;
  constexpr std::int64_t kMostEach = 1024;
  if (!AllowDescriptors(kIdle + 500)) {
    GTEST_SKIP() << "ulimit -Hn does not allow " << kIdle + 500 << " descriptors";
  }
  RunningMaster muster(
      RunningMaster::ConfigOfOneWorker(absl::StrCat("worker_connections: ", kIdle + 100)));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t worker = muster.WorkerPids().at(0);
  ASSERT_TRUE(FetchOnce(muster.address(), "/").has_value());
  const std::int64_t before = OwnMemoryBytes(worker);

  std::vector<HttpClient> clients;
  clients.reserve(kIdle);
  for (int i = 0; i < kIdle; ++i) {
    clients.emplace_back(muster.address());
    ASSERT_TRUE(clients.back().Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) << i;
  }
  for (HttpClient& client : clients) ASSERT_TRUE(client.Receive().has_value());

  ASSERT_TRUE(AwaitActive(muster, kIdle));
  EXPECT_LT((OwnMemoryBytes(worker) - before) / kIdle, kMostEach);
  Load others(muster.address(), "/", {.keep_alive = 1, .connection_per_request = 1});
  EXPECT_TRUE(others.AwaitMore(1000));
  others.Stop();
  EXPECT_EQ(others.failed(), 0u);
  EXPECT_TRUE(clients.front().Get("/").has_value());
  EXPECT_TRUE(clients.back().Get("/").has_value());

  for (HttpClient& client : clients) client.Reset();
  EXPECT_TRUE(AwaitActive(muster, 0)) << muster.Status().DebugString();
}

TEST(ManyConnections, ThatAreClosedAtOnceLeaveNothingBehind) {
  constexpr int kConnections = 5000;
  RunningMaster muster(RunningMaster::ConfigOfOneWorker());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t worker = muster.WorkerPids().at(0);
  ASSERT_TRUE(FetchOnce(muster.address(), "/").has_value());
  ASSERT_TRUE(AwaitActive(muster, 0));
  const std::size_t descriptors = OpenDescriptors(worker);
  const std::int64_t memory = OwnMemoryBytes(worker);

  for (int i = 0; i < kConnections; ++i) {
    HttpClient client(muster.address());
    ASSERT_TRUE(client.is_connected()) << i;
    if (i % 2 == 0) client.Reset();
  }

  EXPECT_EQ(FetchOnce(muster.address(), "/")->status, 200);
  ASSERT_TRUE(AwaitActive(muster, 0)) << muster.Status().DebugString();
  EXPECT_EQ(OpenDescriptors(worker), descriptors);
  EXPECT_LT(OwnMemoryBytes(worker) - memory, 1 << 20);
  EXPECT_EQ(muster.WorkerPids().at(0), worker);
}

TEST(ManyConnections, BeyondWorkerConnectionsWaitUntilThereIsRoom) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("worker_connections: 4"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> served;
  for (int i = 0; i < 4; ++i) {
    served.emplace_back(muster.address());
    ASSERT_TRUE(served.back().Get("/").has_value());
  }
  std::vector<HttpClient> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(muster.address());
    ASSERT_TRUE(waiting.back().Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  }

  EXPECT_FALSE(waiting.front().HasAnswer(milliseconds(300)));
  EXPECT_EQ(muster.Status().stats().total().accepted(), 4u);
  for (HttpClient& client : waiting) {
    served.pop_back();
    const auto response = client.Receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
  }
  EXPECT_EQ(muster.Status().stats().total().accepted(), 7u);
}

}  // namespace
}  // namespace muster::tests
