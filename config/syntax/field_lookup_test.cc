#include "muster/config/syntax/field_lookup.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/line_index.h"
#include "muster/config/syntax/syntax_reader.h"
#include "muster/config/syntax/syntax_token.h"
#include "muster/proto/config.pb.h"

namespace muster::config {
namespace {

SyntaxValue Read(const std::string& text) {
  return ReadSyntax(Tokenize(LineIndex(text)), ConfigFormat::kText).root;
}
// The text from where the field is located.
std::string At(const std::string& text, const std::string& path) {
  return text.substr(LocateField(Read(text), path), 8);
}
std::string PathAt(const std::string& text, const std::string& place) {
  const SyntaxValue root = Read(text);
  return FindStatementAt(root, text.find(place), v1::Config::descriptor()).path;
}

TEST(FieldLookup, LocatesAScalarsValueAndABlocksName) {
  EXPECT_EQ(At("a: 1 listen { backlog: 12345678 }", "listen[0].backlog"), "12345678");
  EXPECT_EQ(At("a: 1 listen { backlog: 12345678 }", "listen[0]"), "listen {");
  EXPECT_EQ(At("x { y: 1 }\nlisten{ a: 1 }", "listen"), "listen{ ");
}

TEST(FieldLookup, LocatesABlockOfAList) {
  EXPECT_EQ(At("l [ { p: 1 }, { q: 2 } ]", "l[1]"), "{ q: 2 }");
}

TEST(FieldLookup, LocatesTheNthOfARepeatedField) {
  const std::string text = "l { p: 'first_' }\nm: 1\nl { p: 'second' }";
  EXPECT_EQ(At(text, "l[0].p"), "'first_'");
  EXPECT_EQ(At(text, "l[1].p"), "'second'");
}

TEST(FieldLookup, CountsValuesOverStatementsAndLists) {
  const std::string text =
      "l [ { p: 'first_' }, { p: 'second' } ]\nl { p: 'third_' } i: ['a','bcdef']";
  EXPECT_EQ(At(text, "l[1].p"), "'second'");
  EXPECT_EQ(At(text, "l[2].p"), "'third_'");
  EXPECT_EQ(At(text, "i[1]"), "'bcdef']");
}

TEST(FieldLookup, LocatesWhatIsAroundAMissingField) {
  EXPECT_EQ(At("x: 1 listen { }", "listen[0].address"), "listen {");
  EXPECT_EQ(At("x: 1 listen { }", "accept"), "x: 1 lis");
  EXPECT_EQ(At("x: 1 listen { }", "listen[7]"), "x: 1 lis");
}

TEST(FieldLookup, LooksThroughAnAny) {
  EXPECT_EQ(At("service { [a/b.C] { size: 12345678 } }", "service.size"), "12345678");
}

TEST(FieldLookup, FindsTheBlockOfAFieldThatIsMissing) {
  const SyntaxValue root = Read("http { location { path: '/' } }");
  EXPECT_EQ(BlockOfField(root, "http.accept"), &root.statements[0].values[0]);
  EXPECT_EQ(BlockOfField(root, "accept"), &root);
}

TEST(FieldLookup, FindsNoBlockForAFieldOfAMissingBlock) {
  EXPECT_EQ(BlockOfField(Read("http { }"), "http.location[0].path"), nullptr);
}

TEST(FieldLookup, FindsTheBlockInAnAny) {
  const SyntaxValue root = Read("service { [a/b.C] { size: 1 } }");
  EXPECT_EQ(BlockOfField(root, "service.size"),
            &root.statements[0].values[0].statements[0].values[0]);
}

TEST(FieldLookup, NumbersTheRepeatedFieldsOfAPath) {
  const std::string text =
      "worker_processes: 3 listen { backlog: 1 } listen { backlog: 22 }"
      "http { location [ { path: 'a' }, { path: 'bb' } ] }";
  EXPECT_EQ(PathAt(text, "3"), "worker_processes");
  EXPECT_EQ(PathAt(text, "22"), "listen[1].backlog");
  EXPECT_EQ(PathAt(text, "'bb'"), "http.location[1].path");
}

TEST(FieldLookup, FindsTheInnermostStatementWithItsBlock) {
  const std::string text = "listen { backlog: 22 }";
  const SyntaxValue root = Read(text);
  const FoundStatement found = FindStatementAt(root, text.find("22"), v1::Config::descriptor());
  EXPECT_EQ(found.block, &root.statements[0].values[0]);
  EXPECT_EQ(found.statement, &root.statements[0].values[0].statements[0]);
}

TEST(FieldLookup, FindsNoStatementBetweenStatements) {
  const std::string text = "accept: MUTEX   \n pid_file: 'x'";
  const SyntaxValue root = Read(text);
  EXPECT_EQ(FindStatementAt(root, 13, v1::Config::descriptor()).statement, nullptr);
  EXPECT_EQ(FindStatementAt(root, 15, v1::Config::descriptor()).statement, nullptr);
}

TEST(FieldLookup, LeavesTheTypeInAnAnyOutOfThePath) {
  const std::string text = "service { [a/b.C] { listen { backlog: 22 } } }";
  const SyntaxValue root = Read(text);
  EXPECT_EQ(
      FindStatementAt(root, text.find("22"), v1::Config::descriptor(), v1::Config::descriptor())
          .path,
      "service.listen[0].backlog");
}

}  // namespace
}  // namespace muster::config
