#include "muster/worker/origin/crc32c.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

TEST(Crc32c, IsThatOfTheCheckValue) { EXPECT_EQ(Crc32c("123456789"), 0xe3069283u); }

// RFC 3720, B.4.
TEST(Crc32c, IsThatOfTheExamplesOfIscsi) {
  std::string rising;
  for (char i = 0; i < 32; ++i) rising += i;
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
}

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(Crc32c(""), 0u); }

TEST(Crc32c, DoesNotDependOnThePieces) {
  const std::string bytes = "The quick brown fox";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(Crc32c(bytes.substr(cut), Crc32c(bytes.substr(0, cut))), Crc32c(bytes)) << cut;
  }
}

}  // namespace
}  // namespace muster::worker
