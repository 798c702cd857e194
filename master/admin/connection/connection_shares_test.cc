#include "muster/master/admin/connection/connection_shares.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(ConnectionShares, AreTakenFromTheUserWhoHasMost) {
  EXPECT_THAT(WhoGivesUpOne({{"uid 1", 100}, {"uid 2", 28}}, "uid 0"), Optional(Eq("uid 1")));
  EXPECT_THAT(WhoGivesUpOne({{"uid 1", 28}, {"uid 2", 100}}, "uid 1"), Optional(Eq("uid 2")));
}

TEST(ConnectionShares, AreNotTakenForWhoWouldHaveAsMany) {
  EXPECT_EQ(WhoGivesUpOne({{"uid 1", 128}}, "uid 1"), std::nullopt);
  EXPECT_EQ(WhoGivesUpOne({{"uid 1", 64}, {"uid 2", 64}}, "uid 2"), std::nullopt);
  EXPECT_EQ(WhoGivesUpOne({{"uid 1", 65}, {"uid 2", 64}}, "uid 2"), std::nullopt);
  EXPECT_THAT(WhoGivesUpOne({{"uid 1", 66}, {"uid 2", 64}}, "uid 2"), Optional(Eq("uid 1")));
}

TEST(ConnectionShares, AreNobodysWithoutConnections) {
  EXPECT_EQ(WhoGivesUpOne({}, "uid 1"), std::nullopt);
}

}  // namespace
}  // namespace muster::master
