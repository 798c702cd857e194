// How connections pass to the workers of the next generation: to which, and what becomes of those
// for which there is no room, or no worker.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::string Config(int workers, const std::string& more = "") {
  std::string config = RunningMaster::Config(more);
  const std::string two = "worker_processes: 2";
  config.replace(config.find(two), two.size(), absl::StrCat("worker_processes: ", workers));
  return config;
}

std::vector<HttpClient> Connect(RunningMaster& muster, int count) {
  std::vector<HttpClient> clients;
  for (int i = 0; i < count; ++i) clients.emplace_back(muster.address());
  return clients;
}

// Asks on all at the same time. Returns how many were answered with 200.
std::size_t AskAll(std::vector<HttpClient>& clients) {
  std::size_t answered = 0;
  for (HttpClient& client : clients) client.Send(kGet);
  for (HttpClient& client : clients) {
    const auto response = client.Receive();
    answered += response.has_value() && response->status == 200 ? 1 : 0;
  }
  return answered;
}

// Asks again and again, until it is destroyed or a request fails.
class BusyClients {
 public:
  explicit BusyClients(std::vector<HttpClient>& clients)
      : thread_([this, &clients] {
          while (!is_stopped_ && !has_failed_) {
            if (AskAll(clients) != clients.size()) has_failed_ = true;
            ++rounds_;
            rounds_.notify_all();
          }
        }) {}
  ~BusyClients() {
    is_stopped_ = true;
    thread_.join();
  }
  bool has_failed() const { return has_failed_; }
  // False: a request has failed, as one does that is not answered for long.
  bool AwaitRounds(int count) const {
    const int end = rounds_ + count;
    for (int seen = rounds_; seen < end && !has_failed_; seen = rounds_) rounds_.wait(seen);
    return !has_failed_;
  }

 private:
  std::atomic<bool> is_stopped_{false};
  std::atomic<bool> has_failed_{false};
  std::atomic<int> rounds_{0};
  std::thread thread_;
};

// The connections that the workers of `generation` hold. Old workers may have adopted some too: one
// that has not read its DRAIN yet takes what the other has given.
std::uint64_t HeldBy(const admin::v1::Status& status, std::uint64_t generation) {
  std::uint64_t held = 0;
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.generation() == generation) held += worker.counters().active();
  }
  return held;
}

// Whether the workers of `generation`, and nobody else, hold `count` connections.
bool AwaitHandedOff(RunningMaster& muster, std::uint64_t generation, std::uint64_t count) {
  return muster.AwaitStatus([=](const admin::v1::Status& status) {
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.generation() != generation) return false;
    }
    return HeldBy(status, generation) == count;
  });
}

class Distribution : public ::testing::TestWithParam<std::tuple<int, bool>> {};

// tools/bench accept does the same twenty times.
TEST_P(Distribution, IsEvenAfterEachReload) {
  const auto [workers, is_busy] = GetParam();
  const int count = is_busy ? 32 : 50 * workers;
  // Just enough for all.
  RunningMaster muster(Config(workers, is_busy ? "" : "worker_connections: 60"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, count);
  ASSERT_EQ(AskAll(clients), clients.size());

  std::unique_ptr<BusyClients> busy;
  if (is_busy) busy = std::make_unique<BusyClients>(clients);
  for (std::uint64_t generation = 2; generation <= 6; ++generation) {
    ASSERT_TRUE(!is_busy || busy->AwaitRounds(2));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    ASSERT_TRUE(AwaitHandedOff(muster, generation, clients.size()))
        << muster.Status().DebugString();
    std::uint64_t busiest = 0;
    const admin::v1::Status status = muster.Status();
    for (const admin::v1::Worker& worker : status.workers()) {
      busiest = std::max(busiest, worker.counters().active());
    }
    EXPECT_LE(busiest, (5 * clients.size() + 4 * workers - 1) / (4 * workers))
        << status.DebugString();
  }
  busy.reset();
  EXPECT_EQ(AskAll(clients), clients.size());
}

INSTANTIATE_TEST_SUITE_P(Handoff, Distribution,
                         ::testing::Combine(::testing::Values(2, 4), ::testing::Bool()),
                         [](const auto& info) {
                           return absl::StrCat(std::get<1>(info.param) ? "Busy" : "Idle", "On",
                                               std::get<0>(info.param));
                         });

TEST(Handoff, ClosesNothingWhenTheNewWorkersMayHoldFewer) {
  RunningMaster muster(Config(2));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, 60);
  ASSERT_EQ(AskAll(clients), clients.size());
  muster.WriteConfig(Config(1, "worker_connections: 25"));

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return HeldBy(status, 2) == 25;
  })) << muster.Status().DebugString();

  for (int i = 0; i < 3; ++i) EXPECT_EQ(AskAll(clients), clients.size());
  EXPECT_EQ(muster.Status().stats().total().active(), clients.size());
  EXPECT_THAT(muster.master().errors(), HasSubstr("have no room for"));
  // The others follow when there is room.
  clients.erase(clients.begin() + 20, clients.end());
  EXPECT_TRUE(AwaitHandedOff(muster, 2, clients.size())) << muster.Status().DebugString();
  EXPECT_EQ(AskAll(clients), clients.size());
}

TEST(Handoff, ClosesNothingWhenTheNewWorkersHaveFewDescriptors) {
  constexpr rlim_t kFew = 250;
  RunningMaster muster(Config(5));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, 285);
  ASSERT_EQ(AskAll(clients), clients.size());
  const rlimit limit = {kFew, kFew};
  ASSERT_EQ(::prlimit(muster.master().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  muster.WriteConfig(Config(1));

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return HeldBy(status, 2) >= 100;
  })) << muster.Status().DebugString();

  EXPECT_EQ(AskAll(clients), clients.size());
  clients.erase(clients.begin() + 100, clients.end());
  EXPECT_TRUE(AwaitHandedOff(muster, 2, clients.size())) << muster.Status().DebugString();
  EXPECT_EQ(AskAll(clients), clients.size());
}

TEST(Handoff, LeavesNoConnectionWithoutAWorkerWhenAPauseFollowsAReload) {
  RunningMaster muster(Config(2));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, 600);
  ASSERT_EQ(AskAll(clients), clients.size());

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_EQ(muster.Ctl({"pause"}).exit, 0);
  EXPECT_EQ(muster.Status().master().state(), admin::v1::Master::PAUSED);
  EXPECT_EQ(muster.Status().workers_size(), 0);

  for (HttpClient& client : clients) ASSERT_TRUE(client.AwaitClose());
}

TEST(Handoff, LeavesNoConnectionWithoutAWorkerWhenAllAreKilledAndItIsPaused) {
  RunningMaster muster(Config(1));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, 50);
  ASSERT_EQ(AskAll(clients), clients.size());
  const pid_t old_worker = muster.WorkerPids().at(0);
  // It is told to drain, but does not yet.
  ASSERT_EQ(::kill(old_worker, SIGSTOP), 0);
  muster.master().Signal(SIGHUP);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.master().generation() == 2; }));
  const auto workers = muster.WorkerPids();
  const auto taker =
      std::find_if(workers.begin(), workers.end(), [&](pid_t pid) { return pid != old_worker; });
  ASSERT_NE(taker, workers.end());
  ASSERT_EQ(::kill(*taker, SIGSTOP), 0);
  ASSERT_EQ(::kill(old_worker, SIGCONT), 0);
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().handed_off() > 0; }));

  muster.master().Signal(SIGWINCH);
  for (const pid_t pid : workers) ::kill(pid, SIGKILL);

  for (HttpClient& client : clients) ASSERT_TRUE(client.AwaitClose());
}

TEST(Handoff, LosesOnlyWhatAKilledWorkerHeld) {
  RunningMaster muster(Config(2));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::vector<HttpClient> clients = Connect(muster, 200);
  ASSERT_EQ(AskAll(clients), clients.size());

  for (std::uint64_t generation = 2; generation <= 6; ++generation) {
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    const admin::v1::Status status = muster.Status();
    const auto worker = std::find_if(
        status.workers().begin(), status.workers().end(),
        [=](const admin::v1::Worker& each) { return each.generation() == generation; });
    ASSERT_NE(worker, status.workers().end());
    ::kill(worker->pid(), SIGKILL);

    // Each is answered, or has ended with the worker: none is forgotten.
    for (HttpClient& client : clients) client.Send(kGet);
    for (HttpClient& client : clients) {
      ASSERT_TRUE(client.HasAnswer(std::chrono::milliseconds(kPatience)));
      if (!client.Receive().has_value()) client = HttpClient(muster.address());
    }
    ASSERT_EQ(AskAll(clients), clients.size());
  }
}

}  // namespace
}  // namespace muster::tests
