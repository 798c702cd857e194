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

TEST(Metrics, TellTheCountersOfEachSlot) {
  const std::string text = FormatMetrics(Example());
  EXPECT_EQ(ValueOf(text, "muster_http_requests_total{slot=\"0\"}"), "18446744073709551615");
  EXPECT_EQ(ValueOf(text, "muster_http_requests_total{slot=\"1\"}"), "9");
  EXPECT_EQ(ValueOf(text, "muster_log_lines_lost_total{slot=\"0\"}"), "0");
  EXPECT_EQ(ValueOf(text, "muster_log_lines_lost_total{slot=\"1\"}"), "7");
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
// they are counters; values are numbers.
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
      EXPECT_EQ(lines[i + 1], absl::StrCat("# TYPE ", family, " ",
                                           absl::EndsWith(family, "_total") ? "counter" : "gauge"));
      continue;
    }
    if (words[0] == "#") continue;
    ASSERT_EQ(words.size(), 2u) << lines[i];
    EXPECT_EQ(words[0].substr(0, words[0].find('{')), family);
    double value;
    EXPECT_TRUE(absl::SimpleAtod(words[1], &value)) << lines[i];
  }
  EXPECT_GE(families.size(), 15u);
}

}  // namespace
}  // namespace muster::worker::http
