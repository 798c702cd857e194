#include "muster/worker/metrics/metric_spec.h"

#include <limits>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

std::string Problem(MetricSpec spec) {
  spec.SortLabels();
  return std::string(CheckMetric(spec).message());
}

std::string ProblemOfCounter(std::string name, MetricLabels labels = {}) {
  return Problem({.name = std::move(name), .help = "", .labels = std::move(labels)});
}

std::string ProblemOfBounds(std::vector<double> bounds) {
  return Problem(
      {.type = MetricType::kHistogram, .name = "h", .help = "", .bounds = std::move(bounds)});
}

TEST(MetricSpec, IsWhatPrometheusTakes) {
  EXPECT_EQ(ProblemOfCounter("cache_hits_total", {{"op", "get"}, {"_x9", "\xc3\xa9 \"\\\n"}}), "");
  EXPECT_EQ(Problem({.type = MetricType::kGauge, .name = "Depth2", .help = "How deep."}), "");
  EXPECT_EQ(ProblemOfBounds({-1, 0, 0.5}), "");
}

TEST(MetricSpec, HasANameThatNoOtherMetricHasALineOf) {
  EXPECT_EQ(ProblemOfCounter("hits"), "metric \"hits\": the name of a counter ends in \"_total\"");
  EXPECT_EQ(Problem({.type = MetricType::kGauge, .name = "hits_total", .help = ""}),
            "metric \"hits_total\": a gauge does not end in \"_total\"");
  EXPECT_EQ(Problem({.type = MetricType::kGauge, .name = "h_count", .help = ""}),
            "metric \"h_count\": a gauge does not end in \"_count\"");
  EXPECT_EQ(ProblemOfCounter("muster_x_total"),
            "metric \"muster_x_total\": names that begin with \"muster_\" are muster's own");
}

TEST(MetricSpec, HasLettersDigitsAndUnderscoresInItsName) {
  const std::string rule =
      "a name has letters, digits and \"_\" only, and does not begin with a digit";
  EXPECT_EQ(ProblemOfCounter(""), "metric \"\": " + rule);
  EXPECT_EQ(ProblemOfCounter("9_total"), "metric \"9_total\": " + rule);
  EXPECT_EQ(ProblemOfCounter("a-b_total"), "metric \"a-b_total\": " + rule);
  EXPECT_EQ(ProblemOfCounter("a:b_total"), "metric \"a:b_total\": " + rule);
  EXPECT_EQ(ProblemOfCounter("a\n_total"), "metric \"a\\n_total\": " + rule);
  EXPECT_NE(ProblemOfCounter(std::string(100, 'a') + "_total"), "");
}

TEST(MetricSpec, HasLabelsThatAreNobodyElses) {
  const std::string metric = "metric \"a_total\": ";
  EXPECT_EQ(ProblemOfCounter("a_total", {{"le", ""}}),
            metric + "label \"le\": is a name of Prometheus' or muster's own");
  EXPECT_NE(ProblemOfCounter("a_total", {{"slot", "1"}}), "");
  EXPECT_NE(ProblemOfCounter("a_total", {{"__a", "1"}}), "");
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x", "1"}, {"y", ""}, {"x", "2"}}),
            metric + "label \"x\": is there twice");
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x y", ""}}),
            metric +
                "label \"x y\": a name has letters, digits and \"_\" only, and does not begin "
                "with a digit");
}

TEST(MetricSpec, HasItsLabelsInOneOrder) {
  MetricSpec spec = {.name = "a_total", .help = "", .labels = {{"y", "1"}, {"x", "2"}}};
  EXPECT_EQ(CheckMetric(spec).message(),
            "metric \"a_total\": label \"x\": comes after label \"y\"; labels are sorted by name");
  spec.SortLabels();
  EXPECT_TRUE(CheckMetric(spec).ok());
}

TEST(MetricSpec, HasNoLabelThatPrometheusTakesForAbsent) {
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x", "1"}, {"y", ""}}),
            "metric \"a_total\": label \"y\": its value is empty, which is for Prometheus as "
            "without it");
}

TEST(MetricSpec, HasTextThatCanBeShown) {
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x", "\xff"}}),
            "metric \"a_total\": label \"x\": the value is not UTF-8 without zero bytes");
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x", std::string(1, '\0')}}),
            "metric \"a_total\": label \"x\": the value is not UTF-8 without zero bytes");
  EXPECT_EQ(Problem({.name = "a_total", .help = "\xc0"}),
            "metric \"a_total\": its help is not UTF-8 without zero bytes");
}

TEST(MetricSpec, FitsItsPlace) {
  EXPECT_EQ(ProblemOfCounter("a_total", {{"x", std::string(255, 'x')}}), "");
  EXPECT_NE(ProblemOfCounter("a_total", {{"x", std::string(256, 'x')}}), "");
  EXPECT_EQ(
      ProblemOfCounter("a_total", {{"x", std::string(255, 'x')}, {"y", std::string(255, 'x')}}),
      "metric \"a_total\": its labels have 516 bytes, at most 512 are possible");
  EXPECT_EQ(ProblemOfCounter("a_total", MetricLabels(17, {"x", ""})),
            "metric \"a_total\": has 17 labels, at most 16 are possible");
  EXPECT_EQ(Problem({.name = "a_total", .help = std::string(251, 'h')}),
            "metric \"a_total\": its help has 251 bytes, at most 250 are possible");
}

TEST(MetricSpec, OfAHistogramHasGrowingFiniteBounds) {
  EXPECT_EQ(ProblemOfBounds({}), "metric \"h\": a histogram has 1 to 32 bounds, not 0");
  EXPECT_NE(ProblemOfBounds(std::vector<double>(33, 1)), "");
  EXPECT_EQ(ProblemOfBounds({1, 2, 2}), "metric \"h\": its bounds do not grow: 2, 2");
  EXPECT_EQ(ProblemOfBounds({1, std::numeric_limits<double>::infinity()}),
            "metric \"h\": a bound is not finite");
  EXPECT_EQ(Problem({.name = "a_total", .help = "", .bounds = {1}}),
            "metric \"a_total\": only a histogram has bounds");
}

}  // namespace
}  // namespace muster::worker
