#include "muster/ctl/text/latency.h"

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

v1::Latency WithBucket(std::uint64_t lower, std::uint64_t upper, std::uint64_t count) {
  v1::Latency latency;
  latency.set_count(count);
  v1::LatencyBucket* bucket = latency.add_buckets();
  bucket->set_lower_us(lower);
  bucket->set_upper_us(upper);
  bucket->set_count(count);
  return latency;
}

TEST(LatencyCounts, InterpolateWithinABucket) {
  const LatencyCounts counts(WithBucket(1024, 1152, 4));
  EXPECT_EQ(counts.Percentile(0.5), absl::Microseconds(1024 + 64));
  EXPECT_EQ(counts.Percentile(1), absl::Microseconds(1152));
}

TEST(LatencyCounts, FindTheBucketOfARank) {
  v1::Latency latency = WithBucket(8, 9, 98);
  latency.MergeFrom(WithBucket(1024, 1152, 2));
  EXPECT_LT(LatencyCounts(latency).Percentile(0.9), absl::Microseconds(9));
  EXPECT_EQ(LatencyCounts(latency).Percentile(0.99), absl::Microseconds(1024 + 64));
}

TEST(LatencyCounts, TellTheBeginOfABucketWithoutABound) {
  EXPECT_EQ(LatencyCounts(WithBucket(1 << 26, 0, 1)).Percentile(0.5), absl::Microseconds(1 << 26));
}

TEST(LatencyCounts, TellOfTheTimeBetweenTwoAnswers) {
  v1::Latency before = WithBucket(8, 9, 1000);
  v1::Latency now = WithBucket(8, 9, 1000);
  now.MergeFrom(WithBucket(1024, 1152, 2));
  const auto since = LatencyCounts(now).Since(LatencyCounts(before));
  ASSERT_TRUE(since.has_value());
  EXPECT_EQ(since->Percentile(0.5), absl::Microseconds(1024 + 64));
  EXPECT_EQ(LatencyCounts(now).Since(LatencyCounts(now))->Percentile(0.5), std::nullopt);
  EXPECT_FALSE(LatencyCounts(before).Since(LatencyCounts(now)).has_value());
}

TEST(FormatLatency, ChoosesItsUnit) {
  EXPECT_EQ(FormatLatency(std::nullopt), "-");
  EXPECT_EQ(FormatLatency(absl::Nanoseconds(500)), "0us");
  EXPECT_EQ(FormatLatency(absl::Microseconds(85)), "85us");
  EXPECT_EQ(FormatLatency(absl::Microseconds(1299)), "1.2ms");
  EXPECT_EQ(FormatLatency(absl::Microseconds(84500)), "84ms");
  EXPECT_EQ(FormatLatency(absl::Seconds(65)), "1m05s");
}

TEST(FormatRequest, TellsTheRequestItsAgeAndItsClient) {
  v1::Worker worker;
  EXPECT_EQ(FormatRequest(worker), "-");
  worker.mutable_request()->set_method("GET");
  worker.mutable_request()->set_path("/slow");
  worker.mutable_request()->mutable_age()->set_seconds(12);
  EXPECT_EQ(FormatRequest(worker), "GET /slow for 12.0s");
  worker.mutable_request()->set_peer("192.0.2.1:4711");
  EXPECT_EQ(FormatRequest(worker), "GET /slow for 12.0s, 192.0.2.1:4711");
  worker.mutable_request()->set_id("6f1e");
  EXPECT_EQ(FormatRequest(worker), "GET /slow for 12.0s, 192.0.2.1:4711, id 6f1e");
}

}  // namespace
}  // namespace muster::ctl
