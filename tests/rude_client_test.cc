// Clients that leave in the middle, and such as speak no HTTP.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/process_usage.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

constexpr std::size_t kFileBytes = 8 << 20;

class RudeClient : public ::testing::Test {
 protected:
  RudeClient() : muster_(RunningMaster::ConfigOfOneWorker()) {
    WriteFile(muster_.path("site/large"), std::string(kFileBytes, 'x'));
    EXPECT_TRUE(muster_.Start()) << muster_.master().errors();
    worker_ = muster_.WorkerPids().at(0);
  }

  bool AwaitNoClients() {
    return muster_.AwaitStatus(
        [](const admin::v1::Status& status) { return status.stats().total().active() == 0; });
  }
  void ExpectTheSameWorkerServes() {
    const auto response = FetchOnce(muster_.address(), "/");
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(muster_.WorkerPids().at(0), worker_);
  }

  RunningMaster muster_;
  pid_t worker_ = 0;
};

TEST_F(RudeClient, ThatEndsItsSideGetsItsWholeFile) {
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
  client.FinishSending();
  const auto response = client.Receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), kFileBytes);
  EXPECT_TRUE(client.AwaitClose());
}

TEST_F(RudeClient, ThatEndsItsSideGetsAllThatItAskedFor) {
  HttpClient client(muster_.address());
  ASSERT_TRUE(
      client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"));
  client.FinishSending();
  for (const std::size_t size : {std::size_t{15}, kFileBytes, std::size_t{15}}) {
    const auto response = client.Receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body.size(), size);
  }
  EXPECT_TRUE(client.AwaitClose());
}

TEST_F(RudeClient, ThatResetsInTheMiddleOfAFileLeavesNothingBehind) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/large").has_value());
  ASSERT_TRUE(AwaitNoClients());
  const std::size_t descriptors = OpenDescriptors(worker_);
  const std::int64_t memory = OwnMemoryBytes(worker_);

  for (int i = 0; i < 200; ++i) {
    HttpClient client(muster_.address());
    ASSERT_TRUE(client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
    if (i % 2 == 0) {
      ASSERT_TRUE(client.HasAnswer(kPatience));
    }
    client.Reset();
  }

  ASSERT_TRUE(AwaitNoClients()) << muster_.Status().DebugString();
  EXPECT_EQ(OpenDescriptors(worker_), descriptors);
  EXPECT_LT(OwnMemoryBytes(worker_) - memory, 1 << 20);
  ExpectTheSameWorkerServes();
}

TEST_F(RudeClient, ThatSpeaksNoHttpIsRefusedAndClosed) {
  const std::vector<std::string> sayings = {
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, '\x5a'),
      std::string(100'000, '\0'),
      std::string(100'000, 'A'),
      "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x'),
      "SSH-2.0-OpenSSH_9.2\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\xff\xfe\xfd\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
  };
  for (const std::string& saying : sayings) {
    HttpClient client(muster_.address());
    client.Send(saying);  // may be cut short: the answer does not wait for all of it
    const auto response = client.Receive();
    ASSERT_TRUE(response.has_value()) << saying.substr(0, 40);
    EXPECT_GE(response->status, 400) << saying.substr(0, 40);
    client.FinishSending();
    EXPECT_TRUE(client.AwaitClose()) << saying.substr(0, 40);
  }
  ASSERT_TRUE(AwaitNoClients());
  ExpectTheSameWorkerServes();
}

}  // namespace
}  // namespace muster::tests
