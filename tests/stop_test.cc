#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

// More than the kernel's buffers hold, so that the worker is still sending it while the
// client does not read.
constexpr std::size_t kLargeBytes = 64 << 20;

class Stop : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteFile(muster_.path("site/large"), std::string(kLargeBytes, 'x'));
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    client_ = std::make_unique<HttpClient>(muster_.address());
  }

  // Starts a response which stays in flight until the client reads on.
  void BeginLargeResponse() {
    ASSERT_TRUE(client_->Send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
    ASSERT_TRUE(muster_.AwaitStatus(
        [](const admin::v1::Status& status) { return status.stats().total().writing() == 1; }));
  }

  bool AwaitDraining() {
    return muster_.AwaitStatus([](const admin::v1::Status& status) {
      return status.workers_size() > 0 && status.workers(0).state() == admin::v1::Worker::DRAINING;
    });
  }

  RunningMaster muster_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(Stop, QuitFinishesTheRequestInFlight) {
  BeginLargeResponse();
  auto quit = std::async(std::launch::async, [&] { return muster_.Ctl({"quit"}); });
  ASSERT_TRUE(AwaitDraining());

  const auto response = client_->Receive();

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), kLargeBytes);
  const Finished finished = quit.get();
  EXPECT_EQ(finished.exit, 0) << finished.errors;
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

TEST_F(Stop, QuitFinishesARequestThatIsPartlyRead) {
  ASSERT_TRUE(client_->Send("GET / HTTP/1.1\r\nHos"));
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().reading() == 1; }));
  muster_.master().Signal(SIGQUIT);
  ASSERT_TRUE(AwaitDraining());

  ASSERT_TRUE(client_->Send("t: test\r\n\r\n"));
  const auto response = client_->Receive();

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.at("connection"), "close");
  client_->Close();
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

TEST_F(Stop, QuitDoesNotWaitForIdleConnections) {
  ASSERT_TRUE(client_->Get("/").has_value());

  const Finished quit = muster_.Ctl({"quit"});

  EXPECT_EQ(quit.exit, 0) << quit.errors;
  EXPECT_TRUE(client_->AwaitClose());
  EXPECT_EQ(muster_.master().Wait(), 0);
}

TEST_F(Stop, StopDoesNotWait) {
  BeginLargeResponse();

  const Finished stop = muster_.Ctl({"stop"});

  EXPECT_EQ(stop.exit, 0) << stop.errors;
  EXPECT_EQ(muster_.master().Wait(), 0);
  EXPECT_FALSE(client_->Receive().has_value());
}

TEST_F(Stop, TheTerminateSignalStops) {
  muster_.master().Signal(SIGTERM);
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

// For who sends TERM, and means what QUIT does.
class GracefulTerm : public Stop {
 protected:
  GracefulTerm() { muster_.WriteConfig(RunningMaster::Config("stop_signal_is_graceful: true")); }
};

TEST_F(GracefulTerm, FinishesTheRequestInFlight) {
  BeginLargeResponse();
  muster_.master().Signal(SIGTERM);
  ASSERT_TRUE(AwaitDraining());

  const auto response = client_->Receive();

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), kLargeBytes);
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
}

TEST_F(GracefulTerm, StopsAtOnceTheSecondTime) {
  BeginLargeResponse();
  muster_.master().Signal(SIGTERM);
  ASSERT_TRUE(AwaitDraining());

  muster_.master().Signal(SIGTERM);

  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
  EXPECT_FALSE(client_->Receive().has_value());
}

TEST_F(GracefulTerm, StopsAtOnceAfterQuit) {
  BeginLargeResponse();
  muster_.master().Signal(SIGQUIT);
  ASSERT_TRUE(AwaitDraining());

  muster_.master().Signal(SIGTERM);

  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
  EXPECT_FALSE(client_->Receive().has_value());
}

TEST_F(GracefulTerm, LeavesTheInterruptOfATerminalAsItIs) {
  BeginLargeResponse();
  muster_.master().Signal(SIGINT);
  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
  EXPECT_FALSE(client_->Receive().has_value());
}

// Two signals, in any order, with a request in flight that nobody reads: the master ends.
struct TwoSignals {
  int first;
  int second;
  bool is_term_graceful;
};

class AllOrders : public testing::TestWithParam<TwoSignals> {};

TEST_P(AllOrders, End) {
  const auto [first, second, is_term_graceful] = GetParam();
  RunningMaster muster(RunningMaster::Config(
      absl::StrCat("shutdown_timeout { seconds: 1 }\nstop_signal_is_graceful: ",
                   is_term_graceful ? "true" : "false", "\n")));
  WriteFile(muster.path("site/large"), std::string(kLargeBytes, 'x'));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> workers = muster.WorkerPids();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().writing() == 1; }));

  const ipc::UniqueFd process = OpenProcess(muster.master().pid());
  muster.master().Signal(first);
  // It may have ended by now.
  ::syscall(SYS_pidfd_send_signal, process.get(), second, nullptr, 0);

  EXPECT_EQ(muster.master().Wait(), 0) << muster.master().errors();
  for (const pid_t worker : workers) EXPECT_EQ(::kill(worker, 0), -1);
}

std::vector<TwoSignals> EveryOrder() {
  std::vector<TwoSignals> all;
  for (const int first : {SIGQUIT, SIGTERM, SIGINT}) {
    for (const int second : {SIGQUIT, SIGTERM, SIGINT}) {
      for (const bool is_term_graceful : {false, true}) {
        all.push_back({first, second, is_term_graceful});
      }
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Of, AllOrders, testing::ValuesIn(EveryOrder()));

TEST_F(Stop, QuitAndThenTermStopsAtOnce) {
  BeginLargeResponse();
  muster_.master().Signal(SIGQUIT);
  ASSERT_TRUE(AwaitDraining());

  muster_.master().Signal(SIGTERM);

  EXPECT_EQ(muster_.master().Wait(), 0) << muster_.master().errors();
  EXPECT_FALSE(client_->Receive().has_value());
}

TEST_F(Stop, LeavesNoFileBehind) {
  ASSERT_EQ(muster_.Ctl({"stop"}).exit, 0);
  ASSERT_EQ(muster_.master().Wait(), 0);
  EXPECT_EQ(ReadFile(muster_.path("muster.pid")), "");
  EXPECT_NE(::access(muster_.path("muster.pid").c_str(), F_OK), 0);
  EXPECT_NE(::access(muster_.path("admin.sock").c_str(), F_OK), 0);
}

TEST_F(Stop, ALaterCommandFindsNoMaster) {
  ASSERT_EQ(muster_.Ctl({"stop"}).exit, 0);
  ASSERT_EQ(muster_.master().Wait(), 0);
  EXPECT_EQ(muster_.Ctl({"status"}).exit, 3);
}

TEST_F(Stop, TheDeathOfTheMasterLeavesNoOrphan) {
  ASSERT_TRUE(client_->Get("/").has_value());
  std::vector<ipc::UniqueFd> workers;
  for (const pid_t pid : muster_.WorkerPids()) workers.push_back(OpenProcess(pid));
  ASSERT_EQ(workers.size(), 2u);

  muster_.master().Signal(SIGKILL);

  for (const ipc::UniqueFd& worker : workers) EXPECT_TRUE(AwaitDeath(worker.get()));
}

}  // namespace
}  // namespace muster::tests
