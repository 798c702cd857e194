#include "muster/master/admin/connection_shares.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(ConnectionShares, AreTakenFromTheUserWhoHasMost) {
  EXPECT_THAT(WhoGivesUpOne({{1, 100}, {2, 28}}, 0), Optional(Eq(1u)));
  EXPECT_THAT(WhoGivesUpOne({{1, 28}, {2, 100}}, 1), Optional(Eq(2u)));
}

TEST(ConnectionShares, AreNotTakenForWhoWouldHaveAsMany) {
  EXPECT_EQ(WhoGivesUpOne({{1, 128}}, 1), std::nullopt);
  EXPECT_EQ(WhoGivesUpOne({{1, 64}, {2, 64}}, 2), std::nullopt);
  EXPECT_EQ(WhoGivesUpOne({{1, 65}, {2, 64}}, 2), std::nullopt);
  EXPECT_THAT(WhoGivesUpOne({{1, 66}, {2, 64}}, 2), Optional(Eq(1u)));
}

TEST(ConnectionShares, AreNobodysWithoutConnections) {
  EXPECT_EQ(WhoGivesUpOne({}, 1), std::nullopt);
}

}  // namespace
}  // namespace muster::master
