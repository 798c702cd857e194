#include "muster/config/syntax/syntax_token.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using Kind = SyntaxToken::Kind;
using ::testing::ElementsAre;

std::vector<std::string> TextsOf(const std::string& text) {
  std::vector<std::string> texts;
  for (const SyntaxToken& token : Tokenize(LineIndex(text))) texts.push_back(token.text);
  return texts;
}

TEST(SyntaxToken, HasAKind) {
  std::vector<Kind> kinds;
  for (const SyntaxToken& token : Tokenize(LineIndex("a: 1 1.5 'x'"))) kinds.push_back(token.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::kName, Kind::kSymbol, Kind::kNumber, Kind::kNumber,
                                 Kind::kString, Kind::kEnd));
}

TEST(SyntaxToken, HasItsPlaceInTheText) {
  const std::string text = "a {\n\tbc: 22\n}";
  const std::vector<SyntaxToken> tokens = Tokenize(LineIndex(text));
  EXPECT_EQ(tokens.at(2).begin, text.find("bc"));
  EXPECT_EQ(tokens.at(2).end, text.find(": 22"));
  EXPECT_EQ(tokens.at(4).begin, text.find("22"));
}

TEST(SyntaxToken, KeepsTheQuotesOfAString) {
  EXPECT_THAT(TextsOf("\"a\" 'b'"), ElementsAre("\"a\"", "'b'", ""));
}

TEST(SyntaxToken, IsNotMadeOfComments) {
  EXPECT_THAT(TextsOf("a # { b\nc"), ElementsAre("a", "c", ""));
}

TEST(SyntaxToken, EndsANumberBeforeItsUnit) {
  EXPECT_THAT(TextsOf("16M"), ElementsAre("16", "M", ""));
}

TEST(SyntaxToken, EndsTheTextAtItsEnd) {
  const std::vector<SyntaxToken> tokens = Tokenize(LineIndex("a  "));
  EXPECT_EQ(tokens.back().kind, Kind::kEnd);
  EXPECT_EQ(tokens.back().begin, 3u);
}

TEST(SyntaxToken, KnowsWhatCloses) {
  const std::vector<SyntaxToken> tokens = Tokenize(LineIndex("} > ] { '}'"));
  EXPECT_TRUE(tokens.at(0).IsCloser());
  EXPECT_TRUE(tokens.at(1).IsCloser());
  EXPECT_TRUE(tokens.at(2).IsCloser());
  EXPECT_FALSE(tokens.at(3).IsCloser());
  EXPECT_FALSE(tokens.at(4).IsCloser());
}

}  // namespace
}  // namespace muster::config
