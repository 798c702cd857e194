#include <signal.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::string Post(HttpClient& client, const std::string& path, const std::string& body = "") {
  client.Send(absl::StrCat(
      "POST ", path, " HTTP/1.1\r\nHost: test\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  const auto response = client.Receive();
  return response.has_value() ? absl::StrCat(response->status, " ", response->body) : "nothing";
}

std::string Get(HttpClient& client, const std::string& path) {
  const auto response = client.Get(path);
  return response.has_value() ? absl::StrCat(response->status, " ", response->body) : "nothing";
}

// Adds one again and again, on a connection of its own, until it is told to stop.
class Poster {
 public:
  explicit Poster(std::string address) : address_(std::move(address)), thread_([this] { Run(); }) {}
  ~Poster() { Stop(); }

  void Stop() {
    is_stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::int64_t attempted() const { return attempted_; }
  std::int64_t answered() const { return answered_; }

 private:
  static constexpr int kMost = 200'000;

  void Run() {
    HttpClient client(address_);
    for (int i = 0; i < kMost && !is_stopped_; ++i) {
      if (!client.is_connected()) client = HttpClient(address_);
      if (!client.is_connected()) continue;
      ++attempted_;
      if (Post(client, "/counter/hits").rfind("200 ", 0) == 0) {
        ++answered_;
      } else {
        client.Close();
      }
    }
  }

  const std::string address_;
  std::atomic<bool> is_stopped_{false};
  std::atomic<std::int64_t> attempted_{0};
  std::atomic<std::int64_t> answered_{0};
  std::thread thread_;
};

TEST(Counter, CountsForAllWorkers) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  EXPECT_EQ(Get(client, "/counter/a"), "404 there is no such counter\n");
  EXPECT_EQ(Post(client, "/counter/a"), "200 1\n");
  EXPECT_EQ(Post(client, "/counter/a", "41"), "200 42\n");
  EXPECT_EQ(Post(client, "/counter/b", "-7"), "200 -7\n");
  for (int i = 0; i < 20; ++i) {
    HttpClient another(muster.address());
    EXPECT_EQ(Get(another, "/counter/a"), "200 42\n");
  }
  EXPECT_EQ(Post(client, "/counter/a", "many"), "400 the body is no whole number\n");
  EXPECT_EQ(Post(client, "/counter/"), "400 a counter's name has 1 to 55 bytes\n");
}

TEST(Counter, KeepsItsCountsAndConnectionsOverAReload) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_EQ(Post(client, "/counter/a", "5"), "200 5\n");

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster, 2));

  EXPECT_EQ(Post(client, "/counter/a"), "200 6\n");
}

TEST(Counter, CountsWhatItHasAnsweredThoughItsWorkersAreKilled) {
  RunningMaster muster(ExampleConfig("counter", "crash_loop_limit: 1000"),
                       ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  {
    Poster one(muster.address());
    Poster two(muster.address());
    Poster three(muster.address());
    for (int round = 0; round < 6; ++round) {
      const std::int64_t before = one.answered() + two.answered() + three.answered();
      // Any time will do; this one is within the load.
      ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
        return one.answered() + two.answered() + three.answered() > before + 50;
      })) << "the mutex is lost in round "
          << round;
      const std::vector<pid_t> workers = muster.WorkerPids();
      ASSERT_FALSE(workers.empty());
      const pid_t victim = workers[static_cast<std::size_t>(round) % workers.size()];
      const ipc::UniqueFd watch = OpenProcess(victim);
      ASSERT_EQ(::kill(victim, SIGKILL), 0);
      ASSERT_TRUE(AwaitDeath(watch.get()));
    }
    one.Stop();
    two.Stop();
    three.Stop();

    ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
      return status.stats().crashes() == 6 && status.workers_size() == 2 &&
             status.workers(0).state() == admin::v1::Worker::SERVING &&
             status.workers(1).state() == admin::v1::Worker::SERVING;
    }));
    HttpClient client(muster.address());
    const std::string answer = Get(client, "/counter/hits");
    std::int64_t count = 0;
    ASSERT_TRUE(absl::SimpleAtoi(answer.substr(4), &count)) << answer;
    EXPECT_GE(count, one.answered() + two.answered() + three.answered());
    EXPECT_LE(count, one.attempted() + two.attempted() + three.attempted());
  }
}

// What the page of the metrics says of it. Empty: nothing.
std::string ValueOf(RunningMaster& muster, const std::string& series) {
  const auto page = FetchOnce(muster.address(), "/metrics");
  if (!page.has_value()) return "";
  for (const absl::string_view line : absl::StrSplit(page->body, '\n')) {
    if (absl::StartsWith(line, series + " ")) return std::string(line.substr(series.size() + 1));
  }
  return "";
}

bool AwaitTwoServingAfter(RunningMaster& muster, std::uint64_t crashes) {
  return muster.AwaitStatus([=](const admin::v1::Status& status) {
    return status.stats().crashes() == crashes && status.workers_size() == 2 &&
           status.workers(0).state() == admin::v1::Worker::SERVING &&
           status.workers(1).state() == admin::v1::Worker::SERVING;
  });
}

TEST(Counter, HasMetricsThatOutliveDeathsReloadsAndUpgrades) {
  const std::string added = "counter_changes_total{outcome=\"added\"}";
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_EQ(ValueOf(muster, added), "0");
  // On connections of their own, so that more than one worker has some.
  for (int i = 0; i < 8; ++i) {
    HttpClient client(muster.address());
    ASSERT_EQ(Post(client, "/counter/a"), absl::StrCat("200 ", i + 1, "\n"));
  }
  {
    HttpClient client(muster.address());
    ASSERT_EQ(Post(client, "/counter/").substr(0, 4), "400 ");
  }
  EXPECT_EQ(ValueOf(muster, added), "8");
  EXPECT_EQ(ValueOf(muster, "counter_changes_total{outcome=\"refused\"}"), "1");

  for (const pid_t worker : muster.WorkerPids()) {
    const ipc::UniqueFd watch = OpenProcess(worker);
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
    ASSERT_TRUE(AwaitDeath(watch.get()));
  }
  ASSERT_TRUE(AwaitTwoServingAfter(muster, 2));
  EXPECT_EQ(ValueOf(muster, added), "8");

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  EXPECT_EQ(ValueOf(muster, added), "8");
  {
    HttpClient client(muster.address());
    ASSERT_EQ(Post(client, "/counter/a"), "200 9\n");
  }
  EXPECT_EQ(ValueOf(muster, added), "9");

  const Finished upgrade = muster.Ctl({"upgrade"});
  ASSERT_EQ(upgrade.exit, 0) << upgrade.errors;
  ASSERT_TRUE(AwaitGeneration(muster, 3));
  EXPECT_EQ(ValueOf(muster, added), "9");
  HttpClient client(muster.address());
  ASSERT_EQ(Post(client, "/counter/a"), "200 10\n");
  EXPECT_EQ(ValueOf(muster, added), "10");
}

TEST(Counter, ShowsItsMetricsInCtlAndAsJson) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_EQ(Post(client, "/counter/a"), "200 1\n");

  const std::string stats = muster.Ctl({"stats"}).output;
  EXPECT_THAT(stats, HasSubstr("METRIC"));
  EXPECT_THAT(stats, ContainsRegex("counter_changes_total +counter +outcome=added +1\n"));
  const std::string json = muster.Ctl({"-o", "json", "stats"}).output;
  EXPECT_THAT(json, HasSubstr("\"counter_changes_total\""));
  EXPECT_THAT(muster.Ctl({"zones"}).output, HasSubstr("muster.metrics"));
}

TEST(Counter, GoesOnWithoutRoomForItsMetrics) {
  RunningMaster muster(absl::StrReplaceAll(ExampleConfig("counter"),
                                           {{"metrics {}\n", "metrics { max_series: 1 }\n"}}),
                       ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  EXPECT_EQ(Post(client, "/counter/a"), "200 1\n");
  EXPECT_THAT(muster.master().errors(),
              HasSubstr("counter: metric \"counter_changes_total\": there is no room for 1 more "
                        "series: 1 of metrics.max_series, which is 1, are taken"));
}

TEST(Counter, HasNoMetricsThatTheConfigurationHasNoMemoryFor) {
  RunningMaster muster(absl::StrReplaceAll(ExampleConfig("counter"), {{"metrics {}\n", "\n"}}),
                       ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  EXPECT_EQ(Post(client, "/counter/a"), "200 1\n");
  EXPECT_THAT(muster.master().errors(), HasSubstr("the configuration needs metrics {}"));
}

TEST(Counter, RefusesAReloadThatWouldChangeTheRoomForMetrics) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.WriteConfig(absl::StrReplaceAll(ExampleConfig("counter"),
                                         {{"metrics {}\n", "metrics { max_series: 300 }\n"}}));

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("metrics.max_series: a reload cannot change it; leave "
                                       "\"metrics\" out in one reload"));
}

TEST(Counter, RefusesAReloadThatWouldChangeTheZone) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::string config = ExampleConfig("counter");
  config.replace(config.find("65536"), 5, "99999");
  muster.WriteConfig(config);

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("zone \"counters\": has 65536 bytes, which a reload cannot "
                                       "change to 99999"));
  HttpClient client(muster.address());
  EXPECT_EQ(Post(client, "/counter/a"), "200 1\n");
}

TEST(Counter, IsNotServedWithoutItsZone) {
  RunningMaster muster(ExampleConfig("counter"), ExampleWorker("counter"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::string config = ExampleConfig("counter");
  config.replace(config.find("zone {"), 6, "#");
  muster.WriteConfig(config);

  EXPECT_THAT(muster.Ctl({"reload"}).errors, HasSubstr("zone \"counters\": is not declared"));
}

TEST(Counter, HasNoOtherHandler) {
  std::string config = ExampleConfig("counter");
  config.replace(config.find("\"counter\""), 9, "\"conter\"");
  RunningMaster muster(config, ExampleWorker("counter"));
  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_EQ(test.exit, 1);
  EXPECT_THAT(test.errors, HasSubstr("muster.textproto:7:41: http.location[0].handler: the worker "
                                     "program has no \"conter\"; it has counter"));
}

}  // namespace
}  // namespace muster::tests
