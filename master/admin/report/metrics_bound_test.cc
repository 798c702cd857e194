#include "muster/master/admin/report/metrics_bound.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {
namespace {

using admin::v1::Metric;

constexpr std::size_t kLabelBytes = 100;

// So many metrics with so many series, each with a label of kLabelBytes.
std::vector<Metric> Metrics(int number, int series) {
  std::vector<Metric> metrics(static_cast<std::size_t>(number));
  for (int i = 0; i < number; ++i) {
    Metric& metric = metrics[static_cast<std::size_t>(i)];
    metric.set_name(absl::StrCat("m", i));
    for (int j = 0; j < series; ++j) {
      admin::v1::MetricLabel& label = *metric.add_series()->add_label();
      label.set_name("x");
      label.set_value(std::string(kLabelBytes, 'x'));
      metric.mutable_series(j)->set_slot(static_cast<std::uint32_t>(j));
    }
  }
  return metrics;
}

// What they take in Stats.
std::size_t BytesOf(const std::vector<Metric>& metrics) {
  admin::v1::Stats stats;
  stats.mutable_metrics()->Add(metrics.begin(), metrics.end());
  return stats.ByteSizeLong();
}

TEST(MetricsBound, LeavesWhatFits) {
  std::vector<Metric> metrics = Metrics(3, 4);
  EXPECT_EQ(KeepWithin(BytesOf(metrics) + 100, metrics), 0u);
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_EQ(metrics[2].series_size(), 4);
}

TEST(MetricsBound, KeepsTheFirstSeriesAndCountsTheOthers) {
  std::vector<Metric> metrics = Metrics(4, 10);
  EXPECT_EQ(KeepWithin(1700, metrics), 25u);
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].series_size(), 10);
  ASSERT_EQ(metrics[1].series_size(), 5);
  EXPECT_EQ(metrics[1].series(4).slot(), 4u);
}

TEST(MetricsBound, IsNeverExceeded) {
  for (std::size_t most = 0; most < 3000; ++most) {
    std::vector<Metric> metrics = Metrics(3, 7);
    const std::uint64_t left_out = KeepWithin(most, metrics);
    EXPECT_LE(BytesOf(metrics), most);
    std::uint64_t kept = 0;
    for (const Metric& metric : metrics) kept += static_cast<std::uint64_t>(metric.series_size());
    EXPECT_EQ(kept + left_out, 21u);
  }
}

TEST(MetricsBound, LeavesNoMetricWithoutSeries) {
  std::vector<Metric> metrics = Metrics(2, 2);
  EXPECT_EQ(KeepWithin(BytesOf(Metrics(1, 2)) + 20, metrics), 2u);
  EXPECT_EQ(metrics.size(), 1u);
  EXPECT_EQ(KeepWithin(0, metrics), 2u);
  EXPECT_TRUE(metrics.empty());
}

}  // namespace
}  // namespace muster::master
