#include "muster/worker/http/message/byte_range.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using Kind = RangeRequest::Kind;

TEST(ByteRange, FromFirstToLast) {
  const RangeRequest request = ParseRange("bytes=10-19", 100);
  EXPECT_EQ(request.kind, Kind::kPartial);
  EXPECT_EQ(request.ranges, (ByteRanges{{10, 10}}));
  EXPECT_EQ(request.ranges[0].last(), 19u);
}

TEST(ByteRange, WithoutLastGoesToTheEnd) {
  EXPECT_EQ(ParseRange("bytes=90-", 100).ranges, (ByteRanges{{90, 10}}));
}

TEST(ByteRange, BehindTheEndIsCutThere) {
  EXPECT_EQ(ParseRange("bytes=90-1000", 100).ranges, (ByteRanges{{90, 10}}));
  EXPECT_EQ(ParseRange("bytes=0-99999999999999999999999", 100).ranges, (ByteRanges{{0, 100}}));
}

TEST(ByteRange, OfASuffixCountsFromTheEnd) {
  EXPECT_EQ(ParseRange("bytes=-1", 100).ranges, (ByteRanges{{99, 1}}));
  EXPECT_EQ(ParseRange("bytes=-1000", 100).ranges, (ByteRanges{{0, 100}}));
}

TEST(ByteRange, MayBeSeveralInAnyOrder) {
  EXPECT_EQ(ParseRange("bytes=50-59, 0-0 ,, -1", 100).ranges,
            (ByteRanges{{50, 10}, {0, 1}, {99, 1}}));
}

TEST(ByteRange, LeavesOutWhatBeginsBehindTheEnd) {
  EXPECT_EQ(ParseRange("bytes=0-0,100-", 100).ranges, (ByteRanges{{0, 1}}));
}

TEST(ByteRange, IsUnsatisfiableWhenAllBeginBehindTheEnd) {
  EXPECT_EQ(ParseRange("bytes=100-", 100).kind, Kind::kUnsatisfiable);
  EXPECT_EQ(ParseRange("bytes=100-,200-300", 100).kind, Kind::kUnsatisfiable);
  EXPECT_EQ(ParseRange("bytes=-0", 100).kind, Kind::kUnsatisfiable);
  EXPECT_EQ(ParseRange("bytes=99999999999999999999999-", 100).kind, Kind::kUnsatisfiable);
}

TEST(ByteRange, OfAnEmptyBodyIsUnsatisfiable) {
  EXPECT_EQ(ParseRange("bytes=0-", 0).kind, Kind::kUnsatisfiable);
  EXPECT_EQ(ParseRange("bytes=-5", 0).kind, Kind::kUnsatisfiable);
}

TEST(ByteRange, ThatIsMalformedGetsTheWhole) {
  for (absl::string_view value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5", "bytes=9-5",
        "bytes=1-2-3", "bytes=1-2;3-4", "lines=1-2", "bytes= 1 - 2", "bytes=1-2,x", "bytes=+1-2"}) {
    EXPECT_EQ(ParseRange(value, 100).kind, Kind::kWhole) << value;
  }
}

TEST(ByteRange, UnitIsCaseInsensitive) {
  EXPECT_EQ(ParseRange("Bytes=0-0", 100).kind, Kind::kPartial);
}

TEST(ByteRange, ThatOverlapsBeyondTheBodyGetsTheWhole) {
  EXPECT_EQ(ParseRange("bytes=0-,0-", 100).kind, Kind::kWhole);
  EXPECT_EQ(ParseRange("bytes=0-49,50-99", 100).kind, Kind::kPartial);
}

TEST(ByteRange, InGreatNumberGetsTheWhole) {
  std::string value = "bytes=0-0";
  for (std::size_t i = 1; i < kMaxRanges; ++i) value += ",0-0";
  EXPECT_EQ(ParseRange(value, 1000).kind, Kind::kPartial);
  EXPECT_EQ(ParseRange(value + ",0-0", 1000).kind, Kind::kWhole);
}

TEST(ByteRange, IsToldToTheClientByItsFirstAndItsLastByte) {
  EXPECT_EQ(ContentRange({2, 3}, 10), "bytes 2-4/10");
}

}  // namespace
}  // namespace muster::worker::http
