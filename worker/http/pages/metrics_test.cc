#include "muster/worker/http/pages/metrics.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

ZoneSnapshot Example() {
  ZoneSnapshot snapshot;
  snapshot.master_start_time = 1700000000;
  snapshot.master_uptime = milliseconds(5500);
  snapshot.generation = 3;
  snapshot.worker_processes = 2;
  snapshot.reloads = 2;
  snapshot.reloads_refused = 1;
  snapshot.crashes = 4;
  snapshot.master_log_lines_lost = 6;
  SlotSnapshot serving;
  serving.slot = 0;
  serving.phase = WorkerPhase::kServing;
  serving.pid = 4711;
  serving.generation = 3;
  serving.age = milliseconds(2500);
  serving.since_heartbeat = milliseconds(250);
  serving.counters.requests = 18446744073709551615u;
  serving.counters.waiting = 5;
  serving.counters.responses = {1, 2, 3, 4};
  SlotSnapshot empty;
  empty.slot = 1;
  empty.counters.requests = 9;
  empty.log_lines_lost = 7;
  empty.refused_over_limit = 11;
  empty.refused_by_proxy_protocol = 13;
  snapshot.slots = {serving, empty};
  return snapshot;
}

// The sample's value, as it stands there.
std::string ValueOf(const std::string& text, absl::string_view sample) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, absl::StrCat(sample, " "))) {
      return std::string(line.substr(sample.size() + 1));
    }
  }
  return "none";
}

TEST(Metrics, TellWhatTheMasterDid) {
  const std::string text = FormatMetrics(Example());
  EXPECT_EQ(ValueOf(text, "muster_master_start_time_seconds"), "1700000000");
  EXPECT_EQ(ValueOf(text, "muster_master_uptime_seconds"), "5.5");
  EXPECT_EQ(ValueOf(text, "muster_config_generation"), "3");
  EXPECT_EQ(ValueOf(text, "muster_reloads_total{result=\"done\"}"), "2");
  EXPECT_EQ(ValueOf(text, "muster_reloads_total{result=\"refused\"}"), "1");
  EXPECT_EQ(ValueOf(text, "muster_worker_crashes_total"), "4");
  EXPECT_EQ(ValueOf(text, "muster_master_log_lines_lost_total"), "6");
  EXPECT_EQ(ValueOf(text, "muster_workers_configured"), "2");
  EXPECT_EQ(ValueOf(text, "muster_workers{state=\"serving\"}"), "1");
  EXPECT_EQ(ValueOf(text, "muster_workers{state=\"draining\"}"), "0");
}

TEST(Metrics, TellHowLongRequestsTookAsAHistogram) {
  ZoneSnapshot snapshot;
  snapshot.latency.buckets[LatencyBucketOf(std::chrono::nanoseconds(500))] = 3;
  snapshot.latency.buckets[LatencyBucketOf(std::chrono::microseconds(20))] = 4;
  snapshot.latency.buckets[LatencyBucketOf(std::chrono::microseconds(1048576))] = 2;
  snapshot.latency.buckets[LatencyBucketOf(std::chrono::seconds(100))] = 1;
  const std::string text = FormatMetrics(snapshot);
  const std::string name = "muster_http_request_duration_seconds";
  EXPECT_THAT(text, HasSubstr("# TYPE " + name + " histogram\n"));
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"1.6e-05\"}"), "3");
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"3.2e-05\"}"), "7");
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"1.048576\"}"), "7") << "less than that";
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"2.097152\"}"), "9");
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"16.777216\"}"), "9");
  EXPECT_EQ(ValueOf(text, name + "_bucket{le=\"+Inf\"}"), "10");
  EXPECT_EQ(ValueOf(text, name + "_count"), "10");
  double sum = 0;
  ASSERT_TRUE(absl::SimpleAtod(ValueOf(text, name + "_sum"), &sum));
  EXPECT_NEAR(sum, 2 * 1.048576 + 67.1, 0.2);
}

TEST(Metrics, TellTheCountersOfEachSlot) {
  const std::string text = FormatMetrics(Example());
  EXPECT_EQ(ValueOf(text, "muster_http_requests_total{slot=\"0\"}"), "18446744073709551615");
  EXPECT_EQ(ValueOf(text, "muster_http_requests_total{slot=\"1\"}"), "9");
  EXPECT_EQ(ValueOf(text, "muster_log_lines_lost_total{slot=\"0\"}"), "0");
  EXPECT_EQ(ValueOf(text, "muster_log_lines_lost_total{slot=\"1\"}"), "7");
  EXPECT_EQ(ValueOf(text, "muster_connections_refused_total{slot=\"1\",reason=\"over_limit\"}"),
            "11");
  EXPECT_EQ(ValueOf(text, "muster_connections_refused_total{slot=\"1\",reason=\"proxy_protocol\"}"),
            "13");
  EXPECT_EQ(ValueOf(text, "muster_connections{slot=\"0\",state=\"waiting\"}"), "5");
  EXPECT_EQ(ValueOf(text, "muster_http_responses_total{slot=\"0\",code=\"2xx\"}"), "1");
  EXPECT_EQ(ValueOf(text, "muster_http_responses_total{slot=\"0\",code=\"5xx\"}"), "4");
}

TEST(Metrics, TellOfLiveWorkersOnlyWhatTheyAre) {
  const std::string text = FormatMetrics(Example());
  EXPECT_EQ(ValueOf(text, "muster_worker_generation{slot=\"0\"}"), "3");
  EXPECT_EQ(ValueOf(text, "muster_worker_age_seconds{slot=\"0\"}"), "2.5");
  EXPECT_EQ(ValueOf(text, "muster_worker_heartbeat_age_seconds{slot=\"0\"}"), "0.25");
  EXPECT_THAT(text, Not(HasSubstr("muster_worker_age_seconds{slot=\"1\"}")));
}

// What the format demands: each family once, with help and type before its samples; totals and only
// they are counters; durations are histograms, whose samples have suffixes; values are numbers.
std::string TypeOf(const std::string& family) {
  if (absl::EndsWith(family, "_total")) return "counter";
  return absl::EndsWith(family, "_duration_seconds") ? "histogram" : "gauge";
}
std::string FamilyOf(std::string sample) {
  sample = sample.substr(0, sample.find('{'));
  const std::size_t histogram = sample.find("_duration_seconds_");
  return histogram == std::string::npos ? sample : sample.substr(0, sample.rfind('_'));
}

TEST(Metrics, AreWellFormed) {
  const std::string text = FormatMetrics(Example());
  ASSERT_TRUE(absl::EndsWith(text, "\n"));
  std::set<std::string> families;
  std::string family;
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> words = absl::StrSplit(lines[i], absl::MaxSplits(' ', 3));
    if (words[0] == "#" && words[1] == "HELP") {
      family = words[2];
      EXPECT_TRUE(families.insert(family).second) << family << " is there twice";
      EXPECT_EQ(lines[i + 1], absl::StrCat("# TYPE ", family, " ", TypeOf(family)));
      continue;
    }
    if (words[0] == "#") continue;
    ASSERT_EQ(words.size(), 2u) << lines[i];
    EXPECT_EQ(FamilyOf(words[0]), family);
    double value;
    EXPECT_TRUE(absl::SimpleAtod(words[1], &value)) << lines[i];
  }
  EXPECT_GE(families.size(), 15u);
}

}  // namespace
}  // namespace muster::worker::http
