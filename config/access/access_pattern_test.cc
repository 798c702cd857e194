#include "muster/config/access/access_pattern.h"

#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(AccessPattern, IsTheTextItself) {
  EXPECT_TRUE(AccessPattern("uid:10").Matches("uid:10"));
  EXPECT_FALSE(AccessPattern("uid:10").Matches("uid:100"));
  EXPECT_FALSE(AccessPattern("uid:10").Matches("uid:1"));
}

TEST(AccessPattern, IsAPrefixOrASuffixWithAStar) {
  EXPECT_TRUE(AccessPattern("/a/Get*").Matches("/a/GetStatus"));
  EXPECT_TRUE(AccessPattern("/a/Get*").Matches("/a/Get"));
  EXPECT_FALSE(AccessPattern("/a/Get*").Matches("/b/GetStatus"));
  EXPECT_TRUE(AccessPattern("*/Check").Matches("/a/Check"));
  EXPECT_FALSE(AccessPattern("*/Check").Matches("/a/Checked"));
}

TEST(AccessPattern, IsEverythingAsAStar) {
  EXPECT_TRUE(AccessPattern("*").Matches(""));
  EXPECT_TRUE(AccessPattern("*").Matches("uid:0"));
}

TEST(AccessPattern, HasOneStarAtAnEndAtMost) {
  for (const char* text : {"a", "a*", "*a", "*"}) EXPECT_TRUE(AccessPattern::IsOne(text)) << text;
  for (const char* text : {"", "a*b", "*a*", "**"})
    EXPECT_FALSE(AccessPattern::IsOne(text)) << text;
}

}  // namespace
}  // namespace muster::config
