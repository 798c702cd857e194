#include "muster/worker/metrics/metrics_text.h"

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using admin::v1::Metric;

TEST(MetricsText, HasHelpTypeAndEachSeries) {
  Metric metric;
  metric.set_name("hits_total");
  metric.set_type(Metric::COUNTER);
  metric.set_help("Lookups that\nfound \\ \"something\".");
  metric.add_series()->set_total(18446744073709551615u);
  admin::v1::MetricLabel& label = *metric.add_series()->add_label();
  label.set_name("op");
  label.set_value("a\\b\"c\nd\xc3\xa9");
  metric.mutable_series(1)->set_total(0);

  EXPECT_EQ(MetricsText({metric}),
            "# HELP hits_total Lookups that\\nfound \\\\ \"something\".\n"
            "# TYPE hits_total counter\n"
            "hits_total 18446744073709551615\n"
            "hits_total{op=\"a\\\\b\\\"c\\nd\xc3\xa9\"} 0\n");
}

TEST(MetricsText, OfAGaugeHasTheSlotBehindItsLabels) {
  Metric metric;
  metric.set_name("depth");
  metric.set_type(Metric::GAUGE);
  metric.add_series()->set_slot(0);
  metric.mutable_series(0)->set_level(0.1);
  admin::v1::MetricSeries& second = *metric.add_series();
  second.set_slot(3);
  second.set_level(-1e300);
  second.add_label()->set_name("op");

  EXPECT_EQ(MetricsText({metric}),
            "# TYPE depth gauge\n"
            "depth{slot=\"0\"} 0.1\n"
            "depth{op=\"\",slot=\"3\"} -1e+300\n");
}

TEST(MetricsText, OfAHistogramHasBucketsSumAndCount) {
  Metric metric;
  metric.set_name("work_seconds");
  metric.set_type(Metric::HISTOGRAM);
  admin::v1::MetricSeries& series = *metric.add_series();
  series.add_label()->set_name("op");
  admin::v1::MetricHistogram& histogram = *series.mutable_histogram();
  histogram.set_count(5);
  histogram.set_sum(0.1 + 0.2);
  for (const double bound : {1.6e-05, 2.0}) {
    admin::v1::MetricBucket& bucket = *histogram.add_bucket();
    bucket.set_upper_bound(bound);
    bucket.set_count(bound < 1 ? 1 : 4);
  }

  EXPECT_EQ(MetricsText({metric}),
            "# TYPE work_seconds histogram\n"
            "work_seconds_bucket{op=\"\",le=\"1.6e-05\"} 1\n"
            "work_seconds_bucket{op=\"\",le=\"2\"} 4\n"
            "work_seconds_bucket{op=\"\",le=\"+Inf\"} 5\n"
            "work_seconds_sum{op=\"\"} 0.30000000000000004\n"
            "work_seconds_count{op=\"\"} 5\n");
}

TEST(MetricsText, OfNothingIsEmpty) { EXPECT_EQ(MetricsText({}), ""); }

}  // namespace
}  // namespace muster::worker
