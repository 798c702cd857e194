#include "muster/ctl/text/metric_text.h"

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using admin::v1::Metric;

TEST(MetricText, HasARowForEachSeries) {
  google::protobuf::RepeatedPtrField<Metric> metrics;
  Metric& counter = *metrics.Add();
  counter.set_name("hits_total");
  counter.set_type(Metric::COUNTER);
  admin::v1::MetricSeries& get = *counter.add_series();
  get.set_total(12345);
  get.add_label()->set_name("op");
  get.mutable_label(0)->set_value("g\x1bt");
  counter.add_series()->set_total(2);
  Metric& gauge = *metrics.Add();
  gauge.set_name("depth");
  gauge.set_type(Metric::GAUGE);
  gauge.add_series()->set_slot(1);
  gauge.mutable_series(0)->set_level(2.5);
  Metric& histogram = *metrics.Add();
  histogram.set_name("work_seconds");
  histogram.set_type(Metric::HISTOGRAM);
  histogram.add_series()->mutable_histogram()->set_count(4);
  histogram.mutable_series(0)->mutable_histogram()->set_sum(1);
  histogram.add_series()->mutable_histogram();

  EXPECT_EQ(MetricsTable(metrics).Render(),
            "METRIC        TYPE       LABELS                   VALUE\n"
            "hits_total    counter    op=g\\x1bt                12345\n"
            "hits_total    counter    -                            2\n"
            "depth         gauge      slot=1                     2.5\n"
            "work_seconds  histogram  -          4 values, mean 0.25\n"
            "work_seconds  histogram  -                     0 values\n");
}

}  // namespace
}  // namespace muster::ctl
