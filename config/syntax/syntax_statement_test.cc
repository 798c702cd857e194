#include "muster/config/syntax/syntax_statement.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::config {
namespace {

SyntaxStatement Statement(const std::string& name, const SyntaxValue& value) {
  SyntaxStatement statement;
  statement.name = name;
  statement.begin = 7;
  statement.values = {value};
  return statement;
}
SyntaxValue Block() {
  SyntaxValue block;
  block.is_block = true;
  return block;
}

TEST(SyntaxStatement, NamesATypeInBrackets) {
  EXPECT_TRUE(Statement("[a/b.C]", Block()).NamesType());
  EXPECT_FALSE(Statement("listen", Block()).NamesType());
  EXPECT_FALSE(Statement("", Block()).NamesType());
}

TEST(AnyContent, IsInTheBlockOfTheTypeInTextFormat) {
  SyntaxValue any = Block();
  any.statements = {Statement("[a/b.C]", Block())};
  const AnyContent content = ContentOfAny(any);
  EXPECT_EQ(content.type, "a/b.C");
  EXPECT_EQ(content.offset, 7u);
  EXPECT_EQ(content.block, &any.statements[0].values[0]);
  EXPECT_EQ(content.statement, &any.statements[0]);
}

TEST(AnyContent, IsNextToTheTypeInJson) {
  SyntaxValue type;
  type.offset = 9;
  type.text = "a/b.C";
  SyntaxValue any = Block();
  any.statements = {Statement("field", SyntaxValue()), Statement("@type", type)};
  const AnyContent content = ContentOfAny(any);
  EXPECT_EQ(content.type, "a/b.C");
  EXPECT_EQ(content.offset, 9u);
  EXPECT_EQ(content.block, &any);
  EXPECT_EQ(content.statement, &any.statements[1]);
}

TEST(AnyContent, HasNoBlockIfTheTypeHasNoBraces) {
  SyntaxValue any = Block();
  any.statements = {Statement("[a/b.C]", SyntaxValue())};
  EXPECT_EQ(ContentOfAny(any).type, "a/b.C");
  EXPECT_EQ(ContentOfAny(any).block, nullptr);
}

TEST(AnyContent, HasTheTypeOfABracketThatIsNotClosed) {
  SyntaxValue any = Block();
  any.statements = {Statement("[a/b.C", Block())};
  EXPECT_EQ(ContentOfAny(any).type, "a/b.C");
}

TEST(AnyContent, HasNoTypeIfNoneIsWritten) {
  SyntaxValue any = Block();
  any.statements = {Statement("value", SyntaxValue())};
  EXPECT_EQ(ContentOfAny(any).type, "");
}

}  // namespace
}  // namespace muster::config
