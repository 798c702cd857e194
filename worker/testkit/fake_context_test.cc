#include "muster/worker/testkit/fake_context.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/zone/user_zone.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::worker::testkit {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kZones[] = R"(zone { name: "numbers" size_bytes: 4096 } metrics {})";

TEST(FakeContext, HasAConfigurationWithItsDefaults) {
  FakeContext context("worker_connections: 7 stream {}");
  EXPECT_EQ(context.config().worker_connections(), 7u);
  EXPECT_EQ(context.config().stream().max_unread_bytes(), 65536u);
  EXPECT_EQ(context.index(), 0u);
  EXPECT_EQ(context.generation(), 1u);
}

TEST(FakeContextDeathTest, SaysWhereAConfigurationIsWrong) {
  EXPECT_DEATH(FakeContext("worker_connections: 7\nworker_conections: 8"),
               "configuration:2:18: .*worker_conections");
}

TEST(FakeContext, RunsTimersAtTheirOwnTimesOnly) {
  FakeContext context;
  const loop::TimePoint begin = context.clock().now();
  std::vector<loop::Clock::duration> times;
  loop::Timer timer(context.loop(), [&] {
    times.push_back(context.loop().now() - begin);
    timer.SetAfter(seconds(20));
  });
  timer.SetAfter(seconds(10));
  context.RunReady();
  EXPECT_TRUE(times.empty());
  context.Advance(seconds(9));
  EXPECT_TRUE(times.empty());
  context.Advance(seconds(41));
  EXPECT_THAT(times, ElementsAre(seconds(10), seconds(30), seconds(50)));
  EXPECT_EQ(context.clock().now() - begin, seconds(50));
}

TEST(FakeContext, RunsTasksAndWhatTheyPost) {
  FakeContext context;
  std::string order;
  context.Post([&] {
    order += 'a';
    context.Post([&] { order += 'c'; });
  });
  context.Post([&] { order += 'b'; });
  EXPECT_EQ(order, "");
  context.RunReady();
  EXPECT_EQ(order, "abc");
}

TEST(FakeContext, RunsWhatAnotherThreadPosts) {
  FakeContext context;
  bool is_done = false;
  const std::jthread thread([&] { context.Post([&] { is_done = true; }); });
  EXPECT_TRUE(context.RunUntil([&] { return is_done; }));
}

TEST(FakeContextDeathTest, EndsATestWhoseServiceNeverRests) {
  FakeContext context;
  std::function<void()> again = [&] { context.Post(again); };
  context.Post(again);
  EXPECT_DEATH(context.RunReady(), "comes to an end");
}

TEST(FakeContext, KeepsLogLines) {
  FakeContext context;
  context.Log(config::v1::Log::WARN, "one");
  context.Log(config::v1::Log::INFO, "two");
  const auto lines = context.log_lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].level, config::v1::Log::WARN);
  EXPECT_EQ(lines[0].text, "one");
  EXPECT_EQ(lines[1].text, "two");
}

TEST(FakeContext, HasTheZonesThatItsConfigurationDeclares) {
  FakeContext context(kZones);
  const auto zone = context.zone("numbers");
  ASSERT_TRUE(zone.ok()) << zone.status();
  **(*zone)->Get<int>("number") = 7;
  EXPECT_EQ(**(*zone)->Get<int>("number"), 7);
  EXPECT_TRUE((*zone)->Get<ipc::ZoneMutex>("mutex").ok());
  EXPECT_THAT(context.zone("words").status().message(), HasSubstr("is not declared"));
}

TEST(FakeContext, SharesZonesBellsAndTimeWithItsOtherWorkers) {
  FakeContext context(kZones);
  const auto other = context.NewWorker();
  const auto next = context.NewGeneration();
  **(*context.zone("numbers"))->Get<int>("number") = 7;
  EXPECT_EQ(**(*next->zone("numbers"))->Get<int>("number"), 7);
  int rings = 0;
  const auto bell = *ZoneBell::Watch(other->loop(), **other->zone("numbers"), [&] { ++rings; });
  other->RunReady();
  rings = 0;
  (*context.zone("numbers"))->Ring();
  other->RunReady();
  EXPECT_EQ(rings, 1);
  context.Advance(seconds(3));
  EXPECT_EQ(next->clock().now(), context.clock().now());

  EXPECT_EQ(other->index(), 1u);
  EXPECT_EQ(other->generation(), 1u);
  EXPECT_EQ(next->index(), 0u);
  EXPECT_EQ(next->generation(), 2u);
  EXPECT_NE(other->slot(), context.slot());
}

TEST(FakeContext, GivesZonesToOtherThreadsWhileWorkersAreMade) {
  FakeContext context(kZones);
  std::atomic<bool> is_over{false};
  std::thread thread([&] {
    do {
      EXPECT_TRUE(context.zone("numbers").ok());
    } while (!is_over);
  });
  for (int i = 0; i < 10; ++i) {
    context.NewGeneration(absl::StrCat("zone { name: \"zone", i, "\" size_bytes: 4096 }"));
  }
  is_over = true;
  thread.join();
}

TEST(FakeContextDeathTest, EndsATestWhoseReloadWouldBeRefused) {
  FakeContext context(kZones);
  EXPECT_DEATH(context.NewGeneration(R"(zone { name: "numbers" size_bytes: 8192 })"),
               "zone \"numbers\": has 4096 bytes, not 8192; a reload cannot change it");
  EXPECT_DEATH(context.NewGeneration("metrics { max_series: 8 }"), "zone \"muster.metrics\": has ");
}

TEST(FakeContext, NumbersTheWorkersOfEachGeneration) {
  FakeContext context;
  const auto other = context.NewWorker();
  const auto next = context.NewGeneration();
  EXPECT_EQ(other->NewWorker()->index(), 2u);
  EXPECT_EQ(next->NewWorker()->index(), 1u);
  EXPECT_EQ(context.NewWorker()->index(), 3u);
}

TEST(FakeContext, ShowsTheMetricsOfAllWorkers) {
  FakeContext context(kZones);
  const auto other = context.NewWorker();
  context.metrics().Counter("hits_total", "Hits.")->Add(2);
  other->metrics().Counter("hits_total", "Hits.")->Add(3);
  EXPECT_THAT(context.MetricsText(), HasSubstr("\nhits_total 5\n"));
}

TEST(FakeContext, TakesItsGaugesAlongAndLeavesItsTotalsAndItsSlot) {
  FakeContext context(kZones);
  auto other = context.NewWorker();
  other->metrics().Counter("hits_total", "Hits.")->Add(3);
  other->metrics().Gauge("clients", "Clients.")->Set(1);
  ASSERT_THAT(context.MetricsText(), HasSubstr("\nclients{slot=\"1\"} 1\n"));
  other.reset();
  EXPECT_THAT(context.MetricsText(), Not(HasSubstr("\nclients{slot")));
  EXPECT_THAT(context.MetricsText(), HasSubstr("\nhits_total 3\n"));
  EXPECT_EQ(context.NewWorker()->slot(), 1u);
}

TEST(FakeContext, HasNoMetricsUnlessTheyAreConfigured) {
  FakeContext context;
  EXPECT_FALSE(context.metrics().Counter("hits_total", "Hits.").ok());
  EXPECT_EQ(context.MetricsText(), "");
}

}  // namespace
}  // namespace muster::worker::testkit
