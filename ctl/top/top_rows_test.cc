#include "muster/ctl/top/top_rows.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

v1::Status WithRequests(std::uint64_t requests, int pid = 7) {
  v1::Status status;
  v1::Worker* worker = status.add_workers();
  worker->set_pid(pid);
  worker->set_state(v1::Worker::SERVING);
  worker->mutable_counters()->set_requests(requests);
  worker->mutable_counters()->set_accepted(requests / 10);
  status.mutable_stats()->mutable_total()->set_requests(requests);
  status.mutable_stats()->mutable_total()->set_accepted(requests / 10);
  return status;
}

std::string CellOf(const TopRows& rows, TopColumn column, std::size_t row = 0) {
  return rows.rows().at(row).cells[static_cast<std::size_t>(column)];
}

TEST(TopRows, HaveNoRatesAtFirst) {
  TopRows rows;
  rows.Take(WithRequests(1000), absl::Seconds(1));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate), "-");
  EXPECT_FALSE(rows.rates().requests.has_value());
  EXPECT_EQ(CellOf(rows, TopColumn::kRequests), "1000");
}

TEST(TopRows, HaveTheGrowthInASecondAsRate) {
  TopRows rows;
  rows.Take(WithRequests(1000), absl::Seconds(1));
  rows.Take(WithRequests(2000), absl::Seconds(3));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate), "500");
  EXPECT_EQ(CellOf(rows, TopColumn::kConnectionRate), "50");
  EXPECT_EQ(rows.rates().requests, 500);
}

TEST(TopRows, HaveTheRatesOfAWorkerAndOfItsSuccessorOfTheSameNumber) {
  const auto status_with = [](std::uint64_t draining, std::uint64_t serving) {
    v1::Status status = WithRequests(draining);
    *status.add_workers() = WithRequests(serving, 8).workers(0);
    status.mutable_workers(1)->set_slot(1);
    return status;
  };
  TopRows rows;
  rows.Take(status_with(1000, 100), absl::Seconds(1));
  rows.Take(status_with(1010, 200), absl::Seconds(2));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate, 0), "10");
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate, 1), "100");
}

TEST(TopRows, ShowSmallRatesWithADigitMore) {
  TopRows rows;
  rows.Take(WithRequests(0), absl::Seconds(0));
  rows.Take(WithRequests(1), absl::Seconds(2));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate), "0.5");
}

TEST(TopRows, HaveNoRateOfACounterThatBeganAnew) {
  TopRows rows;
  rows.Take(WithRequests(1000), absl::Seconds(1));
  rows.Take(WithRequests(10), absl::Seconds(2));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate), "-");
  EXPECT_FALSE(rows.rates().requests.has_value());
}

TEST(TopRows, HaveNoRateWithoutTimeInBetween) {
  TopRows rows;
  rows.Take(WithRequests(1), absl::Seconds(1));
  rows.Take(WithRequests(2), absl::Seconds(1));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequestRate), "-");
}

TEST(TopRows, ShowAWorkerWithoutAProcess) {
  TopRows rows;
  v1::Status status = WithRequests(1, 0);
  status.mutable_workers(0)->set_state(v1::Worker::BACKOFF);
  rows.Take(status, absl::Seconds(1));
  EXPECT_EQ(CellOf(rows, TopColumn::kPid), "-");
  EXPECT_EQ(CellOf(rows, TopColumn::kAge), "-");
  EXPECT_EQ(CellOf(rows, TopColumn::kState), "backoff");
}

v1::Status WithCpu(absl::Duration cpu, int pid) {
  v1::Status status = WithRequests(0, pid);
  status.mutable_workers(0)->mutable_cpu_time()->set_seconds(absl::ToInt64Seconds(cpu));
  status.mutable_workers(0)->set_resident_bytes(3 << 20);
  return status;
}

TEST(TopRows, HaveTheShareOfAProcessorThatAProcessUses) {
  TopRows rows;
  rows.Take(WithCpu(absl::Seconds(100), 7), absl::Seconds(10));
  EXPECT_EQ(CellOf(rows, TopColumn::kCpu), "-");
  EXPECT_EQ(CellOf(rows, TopColumn::kMemory), "3.0 MiB");
  rows.Take(WithCpu(absl::Seconds(101), 7), absl::Seconds(12));
  EXPECT_EQ(CellOf(rows, TopColumn::kCpu), "50");
}

TEST(TopRows, DoNotTakeTheTimeOfAnotherProcess) {
  TopRows rows;
  rows.Take(WithCpu(absl::Seconds(100), 7), absl::Seconds(10));
  rows.Take(WithCpu(absl::Seconds(1), 8), absl::Seconds(12));
  EXPECT_EQ(CellOf(rows, TopColumn::kCpu), "-");
}

v1::Status WithLatency(std::uint64_t fast, std::uint64_t slow) {
  v1::Status status = WithRequests(fast + slow);
  v1::Latency* latency = status.mutable_workers(0)->mutable_latency();
  latency->set_count(fast + slow);
  const auto add = [latency](std::uint64_t lower, std::uint64_t upper, std::uint64_t count) {
    if (count == 0) return;
    latency->add_buckets()->set_lower_us(lower);
    latency->mutable_buckets()->rbegin()->set_upper_us(upper);
    latency->mutable_buckets()->rbegin()->set_count(count);
  };
  add(64, 72, fast);
  add(4608, 5120, slow);
  *status.mutable_stats()->mutable_latency() = *latency;
  return status;
}

TEST(TopRows, HaveThePercentilesOfTheTimeBetween) {
  TopRows rows;
  rows.Take(WithLatency(1000, 0), absl::Seconds(1));
  EXPECT_EQ(CellOf(rows, TopColumn::kP50), "-");
  rows.Take(WithLatency(1000, 10), absl::Seconds(2));
  EXPECT_EQ(CellOf(rows, TopColumn::kP50), "4.8ms");
  EXPECT_EQ(CellOf(rows, TopColumn::kP99), "5.1ms");
  EXPECT_EQ(rows.rates().p50, absl::Microseconds(4864));
  rows.Take(WithLatency(1000, 10), absl::Seconds(3));
  EXPECT_EQ(CellOf(rows, TopColumn::kP50), "-") << "nothing was answered";
}

TEST(TopRows, ShowTheRequestAtWhichAWorkerIs) {
  v1::Status status = WithRequests(1);
  status.mutable_workers(0)->mutable_request()->set_method("GET");
  status.mutable_workers(0)->mutable_request()->set_path("/x");
  status.mutable_workers(0)->mutable_request()->mutable_age()->set_seconds(90);
  TopRows rows;
  rows.Take(status, absl::Seconds(1));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequest), "GET /x for 1m30s");
  rows.Take(WithRequests(1), absl::Seconds(2));
  EXPECT_EQ(CellOf(rows, TopColumn::kRequest), "-");
}

}  // namespace
}  // namespace muster::ctl
