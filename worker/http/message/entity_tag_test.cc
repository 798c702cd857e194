#include "muster/worker/http/message/entity_tag.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

constexpr auto kStrong = TagComparison::kStrong;
constexpr auto kWeak = TagComparison::kWeak;

TEST(EntityTag, NamesTheCoding) {
  EXPECT_EQ(MakeEntityTag(0x36f1a2c0, 0x1f4, "gzip"), "\"36f1a2c0-1f4-gzip\"");
}

TEST(EntityTag, IsTimeAndSizeInHexadecimal) {
  EXPECT_EQ(MakeEntityTag(0x36f1a2c0, 500), "\"36f1a2c0-1f4\"");
}

TEST(EntityTag, MayBeWeakAndOfOneReading) {
  EXPECT_EQ(MakeWeakEntityTag(0x36f1a2c0, 500, 0xabc), "W/\"36f1a2c0-1f4-abc\"");
  EXPECT_EQ(MakeWeakEntityTag(0x36f1a2c0, 500, 0xabc, "br"), "W/\"36f1a2c0-1f4-abc-br\"");
}

TEST(EntityTagList, HasEveryTagWhenItIsAStar) {
  EXPECT_TRUE(ListHasTag("*", "\"a\"", kStrong));
  EXPECT_TRUE(ListHasTag(" * ", "\"a\"", kWeak));
}

TEST(EntityTagList, HasTheTagsThatItNames) {
  EXPECT_TRUE(ListHasTag("\"a\"", "\"a\"", kStrong));
  EXPECT_TRUE(ListHasTag("\"x\", \"a\" , \"y\"", "\"a\"", kStrong));
  EXPECT_FALSE(ListHasTag("\"x\", \"y\"", "\"a\"", kStrong));
}

TEST(EntityTagList, MayHaveCommasWithinATag) {
  EXPECT_TRUE(ListHasTag("\"x,\", \"a\"", "\"a\"", kStrong));
  EXPECT_FALSE(ListHasTag("\"x,\"a\"", "\"b\"", kStrong));
}

TEST(EntityTagList, HasAWeakTagInWeakComparisonOnly) {
  EXPECT_TRUE(ListHasTag("W/\"a\"", "\"a\"", kWeak));
  EXPECT_FALSE(ListHasTag("W/\"a\"", "\"a\"", kStrong));
  EXPECT_TRUE(ListHasTag("\"a\"", "W/\"a\"", kWeak));
  EXPECT_TRUE(ListHasTag("W/\"a\"", "W/\"a\"", kWeak));
  EXPECT_FALSE(ListHasTag("\"a\"", "W/\"a\"", kStrong));
  EXPECT_FALSE(ListHasTag("W/\"a\"", "W/\"a\"", kStrong));
}

TEST(EntityTagList, EndsAtAMistake) {
  EXPECT_FALSE(ListHasTag("", "\"a\"", kWeak));
  EXPECT_FALSE(ListHasTag("a", "\"a\"", kWeak));
  EXPECT_FALSE(ListHasTag("\"a", "\"a\"", kWeak));
  EXPECT_FALSE(ListHasTag("x, \"a\"", "\"a\"", kWeak));
  EXPECT_TRUE(ListHasTag("\"a\", x", "\"a\"", kWeak));
}

}  // namespace
}  // namespace muster::worker::http
