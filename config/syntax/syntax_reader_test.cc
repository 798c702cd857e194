#include "muster/config/syntax/syntax_reader.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SyntaxReading Read(const std::string& text, ConfigFormat format = ConfigFormat::kText) {
  return ReadSyntax(Tokenize(LineIndex(text)), format);
}

// The statements as a text of one form: a=1 b{c=2} d[1 2].
std::string Show(const SyntaxValue& block) {
  std::string shown;
  for (const SyntaxStatement& statement : block.statements) {
    std::string values;
    for (const SyntaxValue& value : statement.values) {
      const std::string text = value.is_block      ? absl::StrCat("{", Show(value), "}")
                               : statement.is_list ? value.word
                                                   : absl::StrCat("=", value.word);
      absl::StrAppend(&values, values.empty() ? "" : " ", text);
    }
    if (statement.is_list) values = absl::StrCat("[", values, "]");
    absl::StrAppend(&shown, shown.empty() ? "" : " ", statement.name, values);
  }
  return shown;
}
std::string Shown(const std::string& text, ConfigFormat format = ConfigFormat::kText) {
  return Show(Read(text, format).root);
}
std::vector<std::string> MistakesIn(const std::string& text) {
  std::vector<std::string> mistakes;
  for (const TextMistake& mistake : Read(text).brace_mistakes) {
    mistakes.push_back(absl::StrCat(mistake.offset, ": ", mistake.problem));
  }
  return mistakes;
}

TEST(SyntaxReader, ReadsScalarsAndBlocks) {
  EXPECT_EQ(Shown("a: 1 b { c: x } d: { e: -5 } f < g: 'h' >"), "a=1 b{c=x} d{e=-5} f{g='h'}");
}

TEST(SyntaxReader, ReadsLists) {
  EXPECT_EQ(Shown("a: [1, 2] b [ { c: 3 }, { d: 4 } ] e: []"), "a[1 2] b[{c=3} {d=4}] e[]");
}

TEST(SyntaxReader, SkipsSeparators) { EXPECT_EQ(Shown("a: 1, b: 2; c: 3"), "a=1 b=2 c=3"); }

TEST(SyntaxReader, ReadsTheNameOfATypeWithItsBrackets) {
  EXPECT_EQ(Shown("[a.b/c.D] { e: 1 }"), "[a.b/c.D]{e=1}");
}

TEST(SyntaxReader, ReadsJsonsNamesInSnakeCaseAndWithoutQuotes) {
  EXPECT_EQ(Shown("{\"workerProcesses\": 2, bare: {\"a\": null}}", ConfigFormat::kJson),
            "worker_processes=2 bare{a=null}");
}

TEST(SyntaxReader, TakesStringsThatFollowEachOtherForOneValue) {
  EXPECT_EQ(Shown("a: 'x' 'y' b: ['x' 'y', 'z']"), "a='x' b['x' 'z']");
}

TEST(SyntaxReader, TakesANumberWithItsUnitForOneValue) {
  EXPECT_EQ(Shown("a: 16M b: 1"), "a=16M b=1");
}

TEST(SyntaxReader, LeavesTheValueOutThatIsMissing) {
  EXPECT_EQ(Shown("a: } b: 1"), "a b=1");
  EXPECT_EQ(Shown("a b: 1"), "a b=1");
}

TEST(SyntaxReader, CountsStrayTokensToTheStatementBefore) {
  const SyntaxReading reading = Read("a: 1 2 3 b: 4");
  EXPECT_EQ(Show(reading.root), "a=1 b=4");
  EXPECT_EQ(reading.root.statements.at(0).end, 8u);
}

TEST(SyntaxReader, KnowsWhereStatementsBegin) {
  EXPECT_THAT(Read("a: 1 b { c: 2 }").names, ElementsAre(0u, 5u, 9u));
}

TEST(SyntaxReader, FindsABraceThatIsNeverClosed) {
  EXPECT_THAT(MistakesIn("a {\n b { }"), ElementsAre("2: \"{\" is never closed"));
  EXPECT_THAT(MistakesIn("[a"), ElementsAre("0: \"[\" is never closed"));
}

TEST(SyntaxReader, FindsABraceThatClosesNothing) {
  EXPECT_THAT(MistakesIn("a: 1 }"), ElementsAre("5: \"}\" closes nothing"));
}

TEST(SyntaxReader, FindsABraceThatDoesNotMatch) {
  EXPECT_THAT(MistakesIn("a { b: 1 >"), ElementsAre("9: \">\" does not close \"{\"; write \"}\""));
}

TEST(SyntaxReader, ReportsNoMistakesThatFollowFromOne) {
  EXPECT_THAT(MistakesIn("a { b [ c: 1 }"), ElementsAre(testing::HasSubstr("does not close")));
}

TEST(SyntaxReader, EndsAStatementBeforeTheSeparator) {
  EXPECT_EQ(Read("a: 1, b: 2").root.statements.at(0).end, 4u);
}

TEST(SyntaxReader, ReadsAnyNumberOfBlocksNextToEachOther) {
  std::string text;
  for (int i = 0; i < 2 * kDeepestBlock; ++i) text += "a { } b [ ] ";
  EXPECT_THAT(MistakesIn(text), IsEmpty());
}

TEST(SyntaxReader, RefusesBlocksThatAreTooDeep) {
  std::string text = "a: 1";
  for (int i = 0; i < kDeepestBlock; ++i) text = absl::StrCat("b { ", text, " }");
  EXPECT_THAT(MistakesIn(text), IsEmpty());
  EXPECT_THAT(MistakesIn(absl::StrCat("b { ", text, " }")),
              testing::Contains(testing::HasSubstr("is nested more than 64 blocks deep")));
}

}  // namespace
}  // namespace muster::config
