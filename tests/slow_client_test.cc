// Clients that take their time: others are served meanwhile, and the time is bounded.

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
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kClients = 50;
constexpr std::size_t kFileBytes = 4 << 20;

// Sends a byte now and then as long as nobody answers.
void Drip(HttpClient& client, const std::string& bytes) {
  for (const char byte : bytes) {
    if (client.HasAnswer(milliseconds(20))) return;
    if (!client.Send(std::string(1, byte))) return;
  }
}

std::vector<HttpClient> Connect(const std::string& address, int count) {
  std::vector<HttpClient> clients;
  for (int i = 0; i < count; ++i) clients.emplace_back(address);
  return clients;
}

bool AwaitNoClients(RunningMaster& muster) {
  return muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().active() == 0; });
}

TEST(SlowClient, HasHeaderTimeoutForTheWholeHeadEvenIfItNeverPauses) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("", "header_timeout { seconds: 1 }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> silent = Connect(muster.address(), kClients);
  for (HttpClient& client : silent) ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: x\r\n"));
  HttpClient dripping(muster.address());
  Load others(muster.address(), "/", {.keep_alive = 1, .connection_per_request = 1});

  const auto begin = steady_clock::now();
  Drip(dripping, "GET / HTTP/1.1\r\nX: " + std::string(1000, 'x'));
  const auto took = steady_clock::now() - begin;

  EXPECT_GE(took, milliseconds(900));
  EXPECT_LT(took, seconds(10));
  silent.push_back(std::move(dripping));
  for (HttpClient& client : silent) {
    const auto response = client.Receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 408);
    EXPECT_TRUE(client.AwaitClose());
  }
  others.Stop();
  EXPECT_GT(others.answered(), 0u);
  EXPECT_EQ(others.failed(), 0u);
}

TEST(SlowClient, HasHeaderTimeoutForItsFirstByteToo) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("", "header_timeout { nanos: 200000000 }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  EXPECT_TRUE(client.AwaitClose());
}

TEST(SlowClient, HasBodyTimeoutBetweenTwoPiecesOfABody) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("", "body_timeout { seconds: 1 }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster.address(), kClients);
  for (HttpClient& client : clients) {
    ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"));
  }
  Load others(muster.address(), "/", {.keep_alive = 1, .connection_per_request = 1});

  for (HttpClient& client : clients) {
    const auto response = client.Receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 408);
    EXPECT_TRUE(client.AwaitClose());
  }
  others.Stop();
  EXPECT_GT(others.answered(), 0u);
  EXPECT_EQ(others.failed(), 0u);
}

TEST(SlowClient, ThatReadsNoFileHoldsNoneOfItInMemoryAndIsClosedAfterSendTimeout) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("", "send_timeout { seconds: 1 }"));
  WriteFile(muster.path("site/large"), std::string(kFileBytes, 'x'));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t worker = muster.WorkerPids().at(0);
  ASSERT_TRUE(FetchOnce(muster.address(), "/large").has_value());
  const std::int64_t before = OwnMemoryBytes(worker);
  Load others(muster.address(), "/", {.keep_alive = 1, .connection_per_request = 1});

  std::vector<HttpClient> clients = Connect(muster.address(), kClients);
  for (HttpClient& client : clients) {
    client.ShrinkReceiveBuffer();
    ASSERT_TRUE(client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.stats().total().requests() > kClients && status.stats().total().writing() > 0;
  }));
  const std::int64_t during = OwnMemoryBytes(worker);
  ASSERT_TRUE(others.AwaitMore(100));
  others.Stop();

  EXPECT_EQ(others.failed(), 0u);
  // A file that is not small is sent by the kernel from its own cache.
  EXPECT_LT(during - before, 1 << 20);
  EXPECT_TRUE(AwaitNoClients(muster)) << muster.Status().DebugString();
}

// A fixed response is in memory once; what is answered and not sent yet is at most one buffer for
// each client, and nothing is read from who does not read.
TEST(SlowClient, ThatPipelinesAndReadsNothingHoldsABoundedBuffer) {
  constexpr std::int64_t kMostPerClient = 64 * 1024 + 64 * 1024 + 65'536;
  constexpr std::size_t kMostSent = 64 << 20;
  RunningMaster muster(RunningMaster::ConfigOfOneWorker(
      "", absl::StrCat("location { path: \"/fixed\" return { body: \"", std::string(8192, 'x'),
                       "\" } }")));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t worker = muster.WorkerPids().at(0);
  ASSERT_TRUE(FetchOnce(muster.address(), "/fixed").has_value());
  const std::int64_t before = OwnMemoryBytes(worker);

  constexpr int kPipelining = 8;
  std::vector<HttpClient> clients = Connect(muster.address(), kPipelining);
  for (HttpClient& client : clients) {
    client.ShrinkReceiveBuffer();
    EXPECT_LT(client.SendUntilStuck("GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n", kMostSent),
              kMostSent);
  }

  EXPECT_LT(OwnMemoryBytes(worker) - before, kPipelining * kMostPerClient + (1 << 20));
  const auto response = FetchOnce(muster.address(), "/");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
}

}  // namespace
}  // namespace muster::tests
