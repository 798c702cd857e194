#include "muster/config/syntax/text_scan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TextScan, LeavesTheSyntaxAlone) {
  const TextScan scan = ScanText("a: \"b # c\" # d \"\n'e\\'f': 5\n", ConfigFormat::kText);
  EXPECT_EQ(scan.syntax, "a: \"     \"      \n'    ': 5\n");
  EXPECT_THAT(scan.open_quotes, IsEmpty());
  EXPECT_EQ(scan.comment, 11u);
}

TEST(TextScan, FindsQuotesWithoutAPartnerInTheirLine) {
  EXPECT_THAT(ScanText("a: \"b\nc: d\"\ne: 'f\\'\ng: 'h'", ConfigFormat::kText).open_quotes,
              ElementsAre(3u, 10u, 15u));
  EXPECT_THAT(ScanText("a: \"b\\", ConfigFormat::kText).open_quotes, ElementsAre(3u));
  EXPECT_THAT(ScanText("# it's\n", ConfigFormat::kText).open_quotes, IsEmpty());
}

TEST(TextScan, FindsThreeKindsOfCommentsInJson) {
  EXPECT_EQ(ScanText("{\"a#//\": 1} # x", ConfigFormat::kJson).comment, 12u);
  EXPECT_EQ(ScanText("{ // x\n}", ConfigFormat::kJson).comment, 2u);
  EXPECT_EQ(ScanText("{ /* \" */ }", ConfigFormat::kJson).syntax, "{         }");
  EXPECT_EQ(ScanText("{ /* x", ConfigFormat::kJson).syntax, "{     ");
  EXPECT_EQ(ScanText("a // \"", ConfigFormat::kText).comment, std::nullopt);
}

TEST(TextScan, FindsCharactersBeyondAsciiOutsideOfQuotesAndComments) {
  EXPECT_EQ(ScanText("a: \"\xc3\xa4\" # \xc3\xa4\n", ConfigFormat::kText).foreign_character,
            std::nullopt);
  EXPECT_EQ(ScanText("a: \xe2\x80\x9c", ConfigFormat::kText).foreign_character, 3u);
}

}  // namespace
}  // namespace muster::config
