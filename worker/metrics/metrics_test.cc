#include "muster/worker/metrics/metrics.h"

#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/metrics/metrics_fixture.h"

namespace muster::worker {
namespace {

using admin::v1::Metric;
using ::testing::HasSubstr;

class MetricsTest : public MetricsFixture {};

TEST_F(MetricsTest, AreNothingAsLongAsNoneIsRegistered) {
  const auto worker = Start();
  EXPECT_TRUE(Read().empty());
  EXPECT_TRUE(worker->metrics.Read().empty());
}

TEST_F(MetricsTest, AreShownWithNameHelpTypeAndLabels) {
  const auto worker = Start();
  ASSERT_TRUE(worker->metrics.Counter("hits_total", "Found.", {{"op", "get"}, {"a", "b"}}).ok());

  const std::vector<Metric> metrics = Read();

  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].name(), "hits_total");
  EXPECT_EQ(metrics[0].help(), "Found.");
  EXPECT_EQ(metrics[0].type(), Metric::COUNTER);
  ASSERT_EQ(metrics[0].series_size(), 1);
  ASSERT_EQ(metrics[0].series(0).label_size(), 2);
  EXPECT_EQ(metrics[0].series(0).label(0).name(), "a");
  EXPECT_EQ(metrics[0].series(0).label(1).value(), "get");
  EXPECT_EQ(metrics[0].series(0).total(), 0u);
}

TEST_F(MetricsTest, OfCountersAreSumsOverAllWorkers) {
  const auto one = Start();
  const auto two = Start();
  one->metrics.Counter("hits_total", "")->Add(40);
  two->metrics.Counter("hits_total", "")->Add();
  two->metrics.Counter("hits_total", "")->Add();
  EXPECT_EQ(Total("hits_total"), 42u);
}

TEST_F(MetricsTest, AreTheSameSeriesWhateverTheOrderOfTheLabels) {
  const auto worker = Start();
  worker->metrics.Counter("hits_total", "", {{"a", "1"}, {"b", "2"}})->Add();
  worker->metrics.Counter("hits_total", "", {{"b", "2"}, {"a", "1"}})->Add();
  EXPECT_EQ(Total("hits_total"), 2u);
  EXPECT_EQ(Read().at(0).series_size(), 1);
}

TEST_F(MetricsTest, OfOneNameAreOneMetricInTheOrderOfTheirRegistration) {
  const auto worker = Start();
  worker->metrics.Counter("hits_total", "first", {{"op", "set"}})->Add(1);
  worker->metrics.Counter("hits_total", "second", {{"op", "get"}})->Add(2);
  const std::vector<Metric> metrics = Read();
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].help(), "first");
  ASSERT_EQ(metrics[0].series_size(), 2);
  EXPECT_EQ(metrics[0].series(0).total(), 1u);
  EXPECT_EQ(metrics[0].series(1).total(), 2u);
}

TEST_F(MetricsTest, KeepTheTotalsOfTheDeadAndOfThoseWhoHaveTheirSlots) {
  auto worker = Start();
  worker->metrics.Counter("hits_total", "")->Add(5);
  worker->metrics.Histogram("size_bytes", "", {1, 2})->Observe(1.5);
  End(std::move(worker));
  EXPECT_EQ(Total("hits_total"), 5u);

  const auto next = Start();
  EXPECT_EQ(next->tag.slot(), 0u);
  EXPECT_EQ(Total("hits_total"), 5u);
  next->metrics.Counter("hits_total", "")->Add(2);
  next->metrics.Histogram("size_bytes", "", {1, 2})->Observe(0.5);

  EXPECT_EQ(Total("hits_total"), 7u);
  EXPECT_EQ(Read().at(1).series(0).histogram().count(), 2u);
  EXPECT_EQ(Read().at(1).series(0).histogram().sum(), 2.0);
}

// As after the death of a master, whose user zones a service manager kept.
TEST_F(MetricsTest, KeepTheTotalsOfAllSlotsWithAnotherSharedZone) {
  for (int i = 0; i < 3; ++i) {
    const auto worker = Start();
    worker->metrics.Counter("hits_total", "")->Add();
    worker->metrics.Gauge("depth", "")->Set(1);
  }
  EXPECT_EQ(Total("hits_total"), 3u);

  const SharedZone next = *SharedZone::Create(8);
  Metrics metrics(attached_, kMaxSeries, next, *next.Reserve());
  EXPECT_EQ(metrics.Read().size(), 1u);  // the gauges are those of others
  metrics.Counter("hits_total", "")->Add();

  EXPECT_EQ(metrics.Read().at(0).series(0).total(), 4u);
}

TEST_F(MetricsTest, OfGaugesAreThoseOfEachLiveWorker) {
  const auto one = Start();
  auto two = Start();
  const MetricGauge first = *one->metrics.Gauge("depth", "");
  const MetricGauge second = *two->metrics.Gauge("depth", "");
  first.Set(2.5);
  second.Add(3);
  second.Subtract();

  std::vector<Metric> metrics = Read();
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].type(), Metric::GAUGE);
  ASSERT_EQ(metrics[0].series_size(), 2);
  EXPECT_EQ(metrics[0].series(0).slot(), 0u);
  EXPECT_EQ(metrics[0].series(0).level(), 2.5);
  EXPECT_EQ(metrics[0].series(1).slot(), 1u);
  EXPECT_EQ(metrics[0].series(1).level(), 2);

  End(std::move(two));
  metrics = Read();
  ASSERT_EQ(metrics[0].series_size(), 1);
  EXPECT_EQ(metrics[0].series(0).slot(), 0u);
}

TEST_F(MetricsTest, OfGaugesBeginAtZeroWithTheNextProcessOfASlot) {
  auto worker = Start();
  worker->metrics.Gauge("depth", "")->Set(7);
  worker->metrics.Gauge("other", "")->Set(8);
  End(std::move(worker));
  EXPECT_TRUE(Read().empty());

  const auto next = Start();
  EXPECT_TRUE(Read().empty());
  ASSERT_TRUE(next->metrics.Gauge("depth", "").ok());

  const std::vector<Metric> metrics = Read();
  ASSERT_EQ(metrics.size(), 1u);  // it has not registered the other one
  EXPECT_EQ(metrics[0].name(), "depth");
  EXPECT_EQ(metrics[0].series(0).level(), 0);
}

TEST_F(MetricsTest, OfGaugesThatAreNoNumberAreNotShown) {
  const auto worker = Start();
  const MetricGauge gauge = *worker->metrics.Gauge("depth", "");
  gauge.Set(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(Read().empty());
  gauge.Set(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(Read().empty());
  gauge.Add(2);
  EXPECT_EQ(Read().at(0).series(0).level(), 2);
}

TEST_F(MetricsTest, OfGaugesKeepTheirLevelWhenWhatIsAddedIsNoNumber) {
  const auto worker = Start();
  const MetricGauge gauge = *worker->metrics.Gauge("depth", "");
  gauge.Add(2);
  gauge.Add(std::numeric_limits<double>::infinity());
  gauge.Subtract(std::numeric_limits<double>::quiet_NaN());
  gauge.Add(1);
  EXPECT_EQ(Read().at(0).series(0).level(), 3);
}

TEST_F(MetricsTest, OfHistogramsHaveASumWhateverIsObserved) {
  const auto worker = Start();
  const MetricHistogram histogram = *worker->metrics.Histogram("size_bytes", "", {1});
  const double most = std::numeric_limits<double>::max();
  histogram.Observe(most);
  histogram.Observe(most);  // together they are no double
  histogram.Observe(std::numeric_limits<double>::infinity());
  histogram.Observe(-most);
  histogram.Observe(3.0);
  const admin::v1::MetricHistogram shown = Read().at(0).series(0).histogram();
  EXPECT_EQ(shown.count(), 4u);
  EXPECT_EQ(shown.sum(), 3);
}

TEST_F(MetricsTest, OfHistogramsCountEachValueInItsBucketAndThoseAbove) {
  const auto worker = Start();
  const MetricHistogram histogram = *worker->metrics.Histogram("size_bytes", "", {1, 10, 100});
  for (const double value : {-5.0, 1.0, 1.5, 10.0, 1000.0}) histogram.Observe(value);
  histogram.Observe(std::numeric_limits<double>::quiet_NaN());
  histogram.Observe(std::numeric_limits<double>::infinity());

  const std::vector<Metric> metrics = Read();

  ASSERT_EQ(metrics.size(), 1u);
  const admin::v1::MetricHistogram& shown = metrics[0].series(0).histogram();
  ASSERT_EQ(shown.bucket_size(), 3);
  EXPECT_EQ(shown.bucket(0).upper_bound(), 1);
  EXPECT_EQ(shown.bucket(0).count(), 2u);
  EXPECT_EQ(shown.bucket(1).count(), 4u);
  EXPECT_EQ(shown.bucket(2).count(), 4u);
  EXPECT_EQ(shown.count(), 5u);
  EXPECT_EQ(shown.sum(), 1007.5);
}

TEST_F(MetricsTest, OfTimesAreInSeconds) {
  const auto worker = Start();
  worker->metrics.Histogram("work_seconds", "", Metrics::LatencyBounds())
      ->Observe(std::chrono::microseconds(20));
  const admin::v1::MetricHistogram shown = Read().at(0).series(0).histogram();
  ASSERT_EQ(shown.bucket_size(), 21);
  EXPECT_DOUBLE_EQ(shown.bucket(0).upper_bound(), 16e-6);
  EXPECT_EQ(shown.bucket(0).count(), 0u);
  EXPECT_EQ(shown.bucket(1).count(), 1u);
  EXPECT_DOUBLE_EQ(shown.bucket(20).upper_bound(), 16.777216);
  EXPECT_DOUBLE_EQ(shown.sum(), 20e-6);
}

TEST_F(MetricsTest, BeyondTheBoundAreRefusedByNameAndTheOthersGoOn) {
  const auto worker = Start();
  const MetricCounter first = *worker->metrics.Counter("c0_total", "");
  for (std::uint32_t i = 1; i < kMaxSeries - 2; ++i) {
    ASSERT_TRUE(worker->metrics.Counter(absl::StrCat("c", i, "_total"), "").ok()) << i;
  }
  EXPECT_EQ(worker->metrics.Histogram("work_seconds", "", {1, 2}).status().message(),
            "metric \"work_seconds\": there is no room for 4 more series: 38 of "
            "metrics.max_series, which is 40, are taken");
  ASSERT_TRUE(worker->metrics.Gauge("d", "").ok());
  ASSERT_TRUE(worker->metrics.Gauge("e", "").ok());
  const absl::Status status = worker->metrics.Gauge("f", "").status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;

  first.Add();
  EXPECT_TRUE(worker->metrics.Counter("c1_total", "").ok());
  EXPECT_EQ(Total("c0_total"), 1u);
}

TEST_F(MetricsTest, OfAnotherTypeAreRefusedToAnotherWorker) {
  const auto one = Start();
  const auto two = Start();
  ASSERT_TRUE(one->metrics.Gauge("depth", "").ok());
  const absl::Status status = two->metrics.Histogram("depth", "", {1}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), "metric \"depth\": is a gauge already, not a histogram");
  // With other labels, too: a metric has one type.
  EXPECT_FALSE(two->metrics.Histogram("depth", "", {1}, {{"a", "b"}}).ok());
}

TEST_F(MetricsTest, OfAnotherTypeAreRefusedToALaterGeneration) {
  auto old = Start();
  ASSERT_TRUE(old->metrics.Histogram("depth", "", {1, 2}).ok());
  End(std::move(old));
  const auto next = Start();
  EXPECT_EQ(next->metrics.Gauge("depth", "").status().message(),
            "metric \"depth\": is a histogram already, not a gauge");
  EXPECT_EQ(next->metrics.Histogram("depth", "", {1, 3}).status().message(),
            "metric \"depth\": has the bounds 1 2 already, not 1 3");
}

TEST_F(MetricsTest, AreRegisteredAlthoughABrokenWorkerLeftTheMutexNotRecoverable) {
  const auto one = Start();
  ASSERT_TRUE(one->metrics.Gauge("depth", "").ok());
  const auto mutex = *attached_.Get<ipc::ZoneMutex>("mutex");
  ASSERT_EQ(mutex->Lock(), ipc::LockOutcome::kAcquired);
  ASSERT_TRUE(mutex->MarkNotRecoverable());
  EXPECT_EQ(mutex->Lock(), ipc::LockOutcome::kNotRecoverable);

  const absl::Status status = one->metrics.Counter("hits_total", "").status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(one->metrics.Counter("misses_total", "").ok());
  EXPECT_EQ(Read().size(), 3u);
}

TEST_F(MetricsTest, WithoutMemoryAreRefused) {
  Metrics metrics;
  EXPECT_EQ(metrics.Counter("hits_total", "").status().message(),
            "metric \"hits_total\": there is no memory for metrics; the configuration needs "
            "metrics {}");
  EXPECT_TRUE(metrics.Read().empty());
  // What the service has then can be counted with.
  metrics.Counter("hits_total", "").value_or(MetricCounter()).Add();
  metrics.Gauge("depth", "").value_or(MetricGauge()).Add(2);
  metrics.Histogram("size_bytes", "", {1}).value_or(MetricHistogram()).Observe(2.0);
}

TEST_F(MetricsTest, ThatPrometheusWouldNotTakeAreRefused) {
  const auto worker = Start();
  EXPECT_THAT(std::string(worker->metrics.Counter("hits", "").status().message()),
              HasSubstr("metric \"hits\": the name of a counter ends in \"_total\""));
  EXPECT_TRUE(Read().empty());
}

TEST_F(MetricsTest, AreCountedByAllThreadsOfAllWorkers) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 500;
  const auto one = Start();
  const auto two = Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i, &metrics = i % 2 == 0 ? one->metrics : two->metrics] {
      for (int turn = 0; turn < kTurns; ++turn) {
        metrics.Counter("hits_total", "")->Add();
        metrics.Counter(absl::StrCat("c", turn % 7, "_total"), "")->Add();
        metrics.Histogram("size_bytes", "", {1})->Observe(1.0);
        metrics.Gauge("depth", "")->Add();
        if (turn % 50 == i) Read();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const std::vector<Metric> metrics = Read();
  ASSERT_EQ(metrics.size(), 10u);
  EXPECT_EQ(Total("hits_total"), kThreads * kTurns);
  EXPECT_EQ(metrics[7].series(0).level() + metrics[7].series(1).level(), kThreads * kTurns);
  EXPECT_EQ(metrics[9].series(0).histogram().count(), kThreads * kTurns);
  EXPECT_EQ(metrics[9].series(0).histogram().sum(), kThreads * kTurns);
}

}  // namespace
}  // namespace muster::worker
