#include "muster/master/config/config_scan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Syntax = SyntaxTree::Syntax;

TEST(ConfigScan, LeavesTheSyntaxAlone) {
  const ConfigScan scan = Scan("a: \"b # c\" # d \"\n'e\\'f': 5\n", Syntax::kText);
  EXPECT_EQ(scan.syntax, "a: \"     \"      \n'    ': 5\n");
  EXPECT_THAT(scan.open_quotes, IsEmpty());
  EXPECT_EQ(scan.comment, 11u);
}

TEST(ConfigScan, FindsQuotesWithoutAPartnerInTheirLine) {
  EXPECT_THAT(Scan("a: \"b\nc: d\"\ne: 'f\\'\ng: 'h'", Syntax::kText).open_quotes,
              ElementsAre(3u, 10u, 15u));
  EXPECT_THAT(Scan("a: \"b\\", Syntax::kText).open_quotes, ElementsAre(3u));
  EXPECT_THAT(Scan("# it's\n", Syntax::kText).open_quotes, IsEmpty());
}

TEST(ConfigScan, FindsThreeKindsOfCommentsInJson) {
  EXPECT_EQ(Scan("{\"a#//\": 1} # x", Syntax::kJson).comment, 12u);
  EXPECT_EQ(Scan("{ // x\n}", Syntax::kJson).comment, 2u);
  EXPECT_EQ(Scan("{ /* \" */ }", Syntax::kJson).syntax, "{         }");
  EXPECT_EQ(Scan("{ /* x", Syntax::kJson).syntax, "{     ");
  EXPECT_EQ(Scan("a // \"", Syntax::kText).comment, std::nullopt);
}

TEST(ConfigScan, FindsCharactersBeyondAsciiOutsideOfQuotesAndComments) {
  EXPECT_EQ(Scan("a: \"\xc3\xa4\" # \xc3\xa4\n", Syntax::kText).foreign_character, std::nullopt);
  EXPECT_EQ(Scan("a: \xe2\x80\x9c", Syntax::kText).foreign_character, 3u);
}

}  // namespace
}  // namespace muster::master
