#include "muster/worker/http/message/content_coding.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using enum ContentCoding;

int Weight(absl::string_view value, ContentCoding coding) {
  return AcceptEncoding(value).WeightOf(coding);
}

TEST(AcceptEncoding, OfWhoSaysNothingIsForWhatIsNotEncoded) {
  const AcceptEncoding none(std::nullopt);
  EXPECT_EQ(none.WeightOf(kIdentity), 1000);
  EXPECT_EQ(none.WeightOf(kGzip), 0);
  EXPECT_EQ(Weight("", kIdentity), 1);
  EXPECT_EQ(Weight("", kGzip), 0);
}

TEST(AcceptEncoding, WeighsWhatItNames) {
  EXPECT_EQ(Weight("gzip", kGzip), 1000);
  EXPECT_EQ(Weight("br;q=0.25, gzip;q=0.5", kBrotli), 250);
  EXPECT_EQ(Weight("br;q=0.25, gzip;q=0.5", kGzip), 500);
  EXPECT_EQ(Weight("gzip;q=0", kGzip), 0);
  EXPECT_EQ(Weight("gzip", kBrotli), 0);
  EXPECT_EQ(Weight("zstd;q=0.001", kZstandard), 1);
  EXPECT_EQ(Weight("gzip;q=1.000", kGzip), 1000);
}

TEST(AcceptEncoding, KnowsNoCaseAndTheOldNameOfGzip) {
  EXPECT_EQ(Weight("GZip;Q=0.5", kGzip), 500);
  EXPECT_EQ(Weight("x-gzip", kGzip), 1000);
}

TEST(AcceptEncoding, AllowsWhiteSpaceAndEmptyElements) {
  EXPECT_EQ(Weight(" , gzip ; q=0.5 ,\t, br", kGzip), 500);
  EXPECT_EQ(Weight(" , gzip ; q=0.5 ,\t, br", kBrotli), 1000);
}

TEST(AcceptEncoding, TakesTheStarForAllThatItDoesNotName) {
  EXPECT_EQ(Weight("gzip;q=0.1, *;q=0.7", kBrotli), 700);
  EXPECT_EQ(Weight("gzip;q=0.1, *;q=0.7", kGzip), 100);
  EXPECT_EQ(Weight("gzip;q=0.1, *;q=0.7", kIdentity), 700);
}

TEST(AcceptEncoding, ExcludesWhatIsNotEncodedByNameOrStarOnly) {
  EXPECT_EQ(Weight("gzip;q=0", kIdentity), 1);
  EXPECT_EQ(Weight("identity;q=0", kIdentity), 0);
  EXPECT_EQ(Weight("gzip, *;q=0", kIdentity), 0);
  EXPECT_EQ(Weight("identity;q=0.5, *;q=0", kIdentity), 500);
}

TEST(AcceptEncoding, PassesOverMalformedElements) {
  for (const char* value : {"gzip;q=2", "gzip;q=", "gzip;q=0.1234", "gzip;q=1.5", "gzip;q=-1",
                            "gzip;x=1", "gzip q=1", "gzip;q=0.x", "gzi p"}) {
    EXPECT_EQ(Weight(value, kGzip), 0) << value;
    EXPECT_EQ(Weight(value, kIdentity), 1) << value;
  }
}

}  // namespace
}  // namespace muster::worker::http
