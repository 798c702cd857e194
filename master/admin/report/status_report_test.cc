#include "muster/master/admin/report/status_report.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::EndsWith;

class StatusReportTest : public testing::Test {
 protected:
  void SetUp() override {
    auto zone = worker::SharedZone::Create(16);
    ASSERT_TRUE(zone.ok()) << zone.status();
    zone_.emplace(*std::move(zone));
  }
  // All goes well.
  void Give(const Event& event) {
    for (const Action& action : core_.Handle(event, now_)) {
      if (const auto* listen = std::get_if<ListenAction>(&action)) {
        Give(ListeningEvent{listen->generation});
      } else if (const auto* send = std::get_if<SendAction>(&action)) {
        if (send->token != 0) Give(AckedEvent{send->slot, send->token});
      }
    }
  }
  admin::v1::Status Report() { return Report(SnapshotOf(core_, before_)); }
  admin::v1::Status Report(StatusSnapshot snapshot, const Hung& hung = {}) {
    return ReportStatus(StatusReport(std::move(snapshot)), *zone_, now_, hung);
  }

  // What Stats has besides.
  admin::v1::Stats ReportStats() {
    admin::v1::Stats stats;
    const StatusReport report(SnapshotOf(core_, before_));
    EXPECT_TRUE(stats.ParseFromString(report.Write(StatusPart::kStats, *zone_, now_)));
    return stats;
  }

  std::optional<worker::SharedZone> zone_;
  CountedBefore before_;
  SupervisorCore core_{16};
  TimePoint now_{};
  const Settings settings_ = {
      .workers = 1, .ready_timeout = seconds(10), .shutdown_timeout = seconds(10)};
};

TEST_F(StatusReportTest, HasNoMoreMetricsThanAClientTakes) {
  constexpr std::uint32_t kMaxSeries = 1024;
  const auto metrics = std::make_shared<const worker::UserZone>(*worker::UserZone::Create(
      std::string(worker::kMetricsZone), worker::MetricsTable::ZoneBytesFor(kMaxSeries)));
  const worker::UserZone attached =
      *worker::UserZone::Attach(metrics->name(), *ipc::DuplicateFd(metrics->memory_fd()),
                                *ipc::DuplicateFd(metrics->bell_fd()));
  const std::string text(200, 'x');
  for (int slot = 0; slot < 10; ++slot) {
    worker::Metrics worker(attached, kMaxSeries, *zone_, *zone_->Reserve());
    for (std::uint32_t i = 0; i < kMaxSeries; ++i) {
      ASSERT_TRUE(worker.Gauge(absl::StrCat("g", i), "", {{"a", text}, {"b", text}}).ok());
    }
  }
  StatusSnapshot snapshot = SnapshotOf(core_, before_);
  snapshot.metrics = metrics;

  const std::string written =
      StatusReport(std::move(snapshot)).Write(StatusPart::kStats, *zone_, now_);

  EXPECT_LE(written.size(), std::size_t{4} << 20);
  EXPECT_GE(written.size(), 4'000'000u);
  admin::v1::Stats stats;
  ASSERT_TRUE(stats.ParseFromString(written));
  std::uint64_t shown = 0;
  for (const admin::v1::Metric& metric : stats.metrics()) {
    shown += static_cast<std::uint64_t>(metric.series_size());
  }
  EXPECT_GT(stats.series_left_out(), 0u);
  EXPECT_EQ(shown + stats.series_left_out(), 10u * kMaxSeries);
}

TEST_F(StatusReportTest, TellsStateAndAgeOfAWorker) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  now_ += seconds(3);
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.master().state(), admin::v1::Master::STARTING);
  EXPECT_EQ(status.master().generation(), 0u);
  ASSERT_EQ(status.workers_size(), 1);
  EXPECT_EQ(status.workers(0).pid(), 123);
  EXPECT_EQ(status.workers(0).state(), admin::v1::Worker::STARTING);
  EXPECT_EQ(status.workers(0).age().seconds(), 3);
}

TEST_F(StatusReportTest, TellsWhichWorkerHangs) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  Give(ReadyEvent{0});
  EXPECT_EQ(Report().workers(0).state(), admin::v1::Worker::SERVING);
  EXPECT_FALSE(Report().workers(0).has_hung_for());
  const admin::v1::Status status = Report(SnapshotOf(core_, before_), {{0, seconds(9)}});
  EXPECT_EQ(status.workers(0).state(), admin::v1::Worker::HUNG);
  EXPECT_EQ(status.workers(0).hung_for().seconds(), 9);
}

TEST_F(StatusReportTest, OrdersWorkersByGeneration) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 100});
  Give(ReadyEvent{0});
  LoadId load = 0;
  for (std::uint32_t slot : {1u, 0u}) {  // the second reload finds slot 0 free again
    Give(ReloadEvent{});
    Give(LoadedEvent{++load, settings_});
    Give(SpawnedEvent{slot, static_cast<pid_t>(101 + slot)});
    Give(ReadyEvent{slot});
    Give(ExitedEvent{slot == 1 ? 0u : 9u, {}});
  }
  const admin::v1::Status status = Report();
  ASSERT_EQ(status.workers_size(), 2);
  EXPECT_EQ(status.workers(0).generation(), 2u);
  EXPECT_EQ(status.workers(0).slot(), 1u);
  EXPECT_EQ(status.workers(0).state(), admin::v1::Worker::DRAINING);
  EXPECT_EQ(status.workers(1).generation(), 3u);
  EXPECT_EQ(status.workers(1).slot(), 0u);
  EXPECT_EQ(status.stats().reloads(), 2u);
}

TEST_F(StatusReportTest, ReadsTheCountersOfTheZone) {
  Give(StartEvent{settings_});
  ASSERT_TRUE(zone_->Reserve(0).ok());
  ASSERT_TRUE(zone_->Reserve(5).ok());
  zone_->stats(0).requests.Add(7);
  zone_->stats(5).requests.Add(2);  // of a slot that nobody has any more
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.workers(0).counters().requests(), 7u);
  EXPECT_EQ(status.stats().total().requests(), 9u);
  const admin::v1::Stats stats = ReportStats();
  ASSERT_EQ(stats.slots_size(), 2);
  EXPECT_EQ(stats.slots(1).slot(), 5u);
  EXPECT_EQ(stats.slots(1).counters().requests(), 2u);
}

TEST_F(StatusReportTest, OrdersTheWorkersOfAGenerationByTheirNumber) {
  Settings two = settings_;
  two.workers = 2;
  Give(StartEvent{settings_});
  Give(ReadyEvent{0});
  Give(ReloadEvent{});
  Give(LoadedEvent{1, two});  // into slots 1 and 2
  Give(ReadyEvent{1});
  Give(ReadyEvent{2});
  Give(ExitedEvent{0, {}});
  Give(ScaleEvent{+1});  // worker 2, into slot 0
  const admin::v1::Status status = Report();
  ASSERT_EQ(status.workers_size(), 3);
  const admin::v1::Stats stats = ReportStats();
  ASSERT_EQ(stats.workers_size(), 3);
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t slot = i == 2 ? 0 : i + 1;
    EXPECT_EQ(status.workers(i).index(), static_cast<std::uint32_t>(i));
    EXPECT_EQ(status.workers(i).slot(), slot);
    EXPECT_EQ(stats.workers(i).index(), static_cast<std::uint32_t>(i));
    EXPECT_EQ(stats.workers(i).slot(), slot);
    EXPECT_EQ(stats.workers(i).generation(), 2u);
  }
}

TEST_F(StatusReportTest, TellsWhatAWorkerCountedApartFromItsPredecessorsInTheSlot) {
  Give(StartEvent{settings_});
  ASSERT_TRUE(zone_->Reserve(0).ok());
  zone_->stats(0).requests.Add(7);
  before_[0] = worker::ReadStats(zone_->stats(0));
  zone_->stats(0).requests.Add(2);
  zone_->stats(0).active.Set(3);
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.workers(0).counters().requests(), 2u);
  EXPECT_EQ(ReportStats().workers(0).counters().requests(), 2u);
  EXPECT_EQ(ReportStats().slots(0).counters().requests(), 9u);
  EXPECT_EQ(status.stats().ended().requests(), 7u);
  EXPECT_EQ(status.stats().total().requests(), 9u);
  EXPECT_EQ(status.workers(0).counters().active(), 3u);
  EXPECT_EQ(status.stats().ended().active(), 0u);
}

TEST_F(StatusReportTest, TellsHowLongRequestsTookOfEachWorkerAndOfAll) {
  Give(StartEvent{settings_});
  ASSERT_TRUE(zone_->Reserve(0).ok());
  zone_->latency(0).Record(seconds(1));
  LatencyBefore before = {{0, worker::ReadLatency(zone_->latency(0))}};
  zone_->latency(0).Record(std::chrono::milliseconds(5));
  zone_->latency(5).Record(std::chrono::milliseconds(5));
  zone_->stats(0).requests.Add(2);
  zone_->stats(5).requests.Add(1);
  const admin::v1::Status status = Report(SnapshotOf(core_, before_, {}, before));
  EXPECT_EQ(status.workers(0).latency().count(), 1u);
  EXPECT_EQ(status.workers(0).latency().p99().nanos(), 5'114'880);
  ASSERT_EQ(status.workers(0).latency().buckets_size(), 1);
  EXPECT_EQ(status.workers(0).latency().buckets(0).lower_us(), 4608u);
  EXPECT_EQ(status.stats().latency().count(), 3u);
  EXPECT_EQ(status.stats().latency().buckets_size(), 2);
}

TEST_F(StatusReportTest, TellsTheRequestAndTheLastWordsOfAWorker) {
  now_ += seconds(60);
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  Give(ReadyEvent{0});
  worker::RequestWriter(zone_->request(0)).Begin(now_ - seconds(4), {}, "GET", "/slow");
  worker::SayLastWords(zone_->last_words(0), ipc::OwnerTag(0, 1), 99, "it broke");
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.workers(0).request().method(), "GET");
  EXPECT_EQ(status.workers(0).request().path(), "/slow");
  EXPECT_EQ(status.workers(0).request().age().seconds(), 4);
  EXPECT_EQ(status.workers(0).last_words().text(), "it broke");
  EXPECT_EQ(status.workers(0).last_words().pid(), 99);
  EXPECT_GT(status.workers(0).last_words().time().seconds(), 1700000000);
}

TEST_F(StatusReportTest, CountsSlotsThatNobodyHasAmongTheEndedWorkers) {
  Give(StartEvent{settings_});
  zone_->stats(0).requests.Add(1);
  zone_->stats(5).requests.Add(2);
  zone_->stats(6).requests.Add(4);
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.workers(0).counters().requests(), 1u);
  EXPECT_EQ(status.stats().ended().requests(), 6u);
  EXPECT_EQ(status.stats().total().requests(), 7u);
}

TEST_F(StatusReportTest, TellsHowAWorkerEnded) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  Give(ReadyEvent{0});
  Give(ExitedEvent{0, {.pid = 123, .was_killed = true, .code = 9}});
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.workers(0).state(), admin::v1::Worker::BACKOFF);
  EXPECT_EQ(status.workers(0).pid(), 0);
  EXPECT_FALSE(status.workers(0).has_age());
  EXPECT_EQ(status.workers(0).last_exit(), "was killed by SIGKILL");
  EXPECT_EQ(status.stats().crashes(), 1u);
}

// Who reads a text that is no UTF-8 gets nothing of the whole status.
TEST_F(StatusReportTest, TellsTextsThatAreNoUtf8) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  Give(ReadyEvent{0});
  Give(FailedEvent{0, absl::AbortedError("caf\xe9")});
  Give(ExitedEvent{0, {}});
  Give(ReloadEvent{});
  Give(LoadRefusedEvent{1, absl::InvalidArgumentError("1: caf\xe9\n2: caf\xe9")});
  admin::v1::Status status;
  ASSERT_TRUE(status.ParseFromString(Report().SerializeAsString()));
  EXPECT_THAT(status.workers(0).last_exit(), EndsWith("caf\\xe9"));
  EXPECT_EQ(status.master().last_reload_error(), "1: caf\\xe9\n2: caf\\xe9");
}

TEST_F(StatusReportTest, BoundsWhatADamagedSlotCounts) {
  Give(StartEvent{settings_});
  ASSERT_TRUE(zone_->Reserve(0).ok());
  zone_->stats(0).requests.Add(static_cast<std::uint64_t>(-5));
  zone_->stats(0).active.Set(std::numeric_limits<std::int64_t>::max());
  for (const std::uint32_t slot : {0u, 1u}) zone_->stats(slot).accepted.Add(worker::kMostCounted);
  const admin::v1::Status status = Report();
  EXPECT_EQ(status.stats().total().requests(), 0u);
  EXPECT_EQ(status.stats().total().active(), worker::kHighestLevel);
  EXPECT_EQ(status.stats().total().accepted(), worker::kMostCounted);
}

TEST_F(StatusReportTest, TellsWhatTheProcessesUse) {
  Give(StartEvent{settings_});
  Give(SpawnedEvent{0, 123});
  const Usage usage = {
      {0, {.cpu = std::chrono::milliseconds(1500), .resident_bytes = 4096, .threads = 3}}};
  const admin::v1::Status status = Report(SnapshotOf(core_, before_, usage));
  ASSERT_GE(status.workers_size(), 1);
  EXPECT_EQ(status.workers(0).cpu_time().seconds(), 1);
  EXPECT_EQ(status.workers(0).cpu_time().nanos(), 500'000'000);
  EXPECT_EQ(status.workers(0).resident_bytes(), 4096u);
  EXPECT_EQ(status.workers(0).threads(), 3u);
}

// What a client takes for the response of a call is what the whole status has.
TEST_F(StatusReportTest, WritesTheSameAsEachOfTheResponses) {
  Settings many = settings_;
  many.workers = 3;
  Give(StartEvent{many});
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    Give(SpawnedEvent{slot, static_cast<pid_t>(101 + slot)});
    Give(ReadyEvent{slot});
    zone_->stats(slot).requests.Add(1000 + slot);
    zone_->stats(slot).active.Set(slot);
  }
  zone_->stats(5).bytes_sent.Add(std::uint64_t{1} << 40);
  before_[1] = {.requests = 7};
  StatusSnapshot snapshot = SnapshotOf(core_, before_);
  snapshot.started = now_;
  now_ += std::chrono::milliseconds(1500);
  const StatusReport report(std::move(snapshot));
  const Hung hung = {{2, seconds(9)}};
  const admin::v1::Status status = ReportStatus(report, *zone_, now_, hung);
  EXPECT_EQ(status.master().uptime().nanos(), 500'000'000);
  ASSERT_EQ(status.workers_size(), 3);
  EXPECT_EQ(status.workers(2).state(), admin::v1::Worker::HUNG);
  EXPECT_EQ(status.stats().slots_size() + status.stats().workers_size(), 0);

  admin::v1::ListWorkersResponse workers;
  ASSERT_TRUE(workers.ParseFromString(report.Write(StatusPart::kListWorkers, *zone_, now_, hung)));
  admin::v1::ListWorkersResponse expected;
  *expected.mutable_workers() = status.workers();
  *expected.mutable_ended() = status.stats().ended();
  EXPECT_EQ(workers.SerializeAsString(), expected.SerializeAsString());

  admin::v1::Stats stats;
  ASSERT_TRUE(stats.ParseFromString(report.Write(StatusPart::kStats, *zone_, now_, hung)));
  EXPECT_EQ(stats.slots_size(), 4);
  EXPECT_EQ(stats.workers_size(), 3);
  stats.clear_slots();
  stats.clear_workers();
  EXPECT_EQ(stats.SerializeAsString(), status.stats().SerializeAsString());
}

}  // namespace
}  // namespace muster::master
