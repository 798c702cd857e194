#include "muster/master/config/config_outline.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using Syntax = ConfigOutline::Syntax;

// The text that begins where the outline finds `path`.
std::string At(const std::string& text, const std::string& path, Syntax syntax = Syntax::kText) {
  return text.substr(ConfigOutline(text, syntax).Locate(path), 8);
}

std::string PathAt(const std::string& text, const std::string& place) {
  const ConfigOutline outline(text, Syntax::kText);
  return outline.StatementAt(text.find(place), config::v1::Config::descriptor()).path;
}

TEST(ConfigOutline, FindsAScalarsValue) {
  EXPECT_EQ(At("a: 1\nworkers: 12345678\n", "workers"), "12345678");
}

TEST(ConfigOutline, FindsABlockByItsName) {
  EXPECT_EQ(At("x { y: 1 }\nlisten{ a: 1 }", "listen"), "listen{ ");
}

TEST(ConfigOutline, FindsTheNthOfARepeatedField) {
  const std::string text = "l { p: 'first_' }\nm: 1\nl { p: 'second' }";
  EXPECT_EQ(At(text, "l[0].p"), "'first_'");
  EXPECT_EQ(At(text, "l[1].p"), "'second'");
}

TEST(ConfigOutline, CountsTheElementsOfLists) {
  const std::string text =
      "l [ { p: 'first_' }, { p: 'second' } ]\nl { p: 'third_' } i: ['a','bcdef']";
  EXPECT_EQ(At(text, "l[1].p"), "'second'");
  EXPECT_EQ(At(text, "l[2].p"), "'third_'");
  EXPECT_EQ(At(text, "i[1]"), "'bcdef']");
}

TEST(ConfigOutline, FindsWhatIsAroundSomethingThatIsNotThere) {
  EXPECT_EQ(At("x: 1 listen { }", "listen[0].address"), "listen {");
  EXPECT_EQ(At("x: 1 listen { }", "accept"), "x: 1 lis");
  EXPECT_EQ(At("x: 1 listen { }", "listen[7]"), "x: 1 lis");
}

TEST(ConfigOutline, KnowsWaysToWriteAStatement) {
  const std::string text = "a < b: - 5 > ; c: 'x' 'y', d: { e: f } [x.y/T] { g: 1 } h: 'target..'";
  EXPECT_EQ(At(text, "h"), "'target.");
  EXPECT_EQ(At(text, "a.b"), "- 5 > ; ");
  EXPECT_EQ(At(text, "d.e"), "f } [x.y");
}

TEST(ConfigOutline, IgnoresCommentsAndBracesInStrings) {
  EXPECT_EQ(At("# { nothing\na: '}{' # x: 1\nx: 87654321", "x"), "87654321");
}

TEST(ConfigOutline, NumbersTheRepeatedFieldsOfAPath) {
  const std::string text =
      "worker_processes: 3 listen { backlog: 1 } listen { backlog: 22 }"
      "http { location [ { path: 'a' }, { path: 'bb' } ] }";
  EXPECT_EQ(PathAt(text, "3"), "worker_processes");
  EXPECT_EQ(PathAt(text, "22"), "listen[1].backlog");
  EXPECT_EQ(PathAt(text, "'bb'"), "http.location[1].path");
}

TEST(ConfigOutline, FindsNoStatementBetweenStatements) {
  const std::string text = "accept: MUTEX   \n pid_file: 'x'";
  const ConfigOutline outline(text, Syntax::kText);
  EXPECT_EQ(outline.StatementAt(15, config::v1::Config::descriptor()).statement, nullptr);
}

TEST(ConfigOutline, TellsABraceThatIsNeverClosed) {
  const ConfigOutline outline("http {\n  location {\n}", Syntax::kText);
  ASSERT_EQ(outline.brace_mistakes().size(), 1u);
  EXPECT_EQ(outline.brace_mistakes()[0].problem, "\"{\" is never closed");
  EXPECT_EQ(outline.PlaceOf(outline.brace_mistakes()[0].offset).line, 1);
}

TEST(ConfigOutline, TellsABraceThatClosesNothing) {
  const ConfigOutline outline("a: 1\n}\nb: 2", Syntax::kText);
  ASSERT_EQ(outline.brace_mistakes().size(), 1u);
  EXPECT_EQ(outline.brace_mistakes()[0].problem, "\"}\" closes nothing");
  EXPECT_EQ(outline.PlaceOf(outline.brace_mistakes()[0].offset).line, 2);
}

TEST(ConfigOutline, TellsABraceThatDoesNotMatch) {
  const ConfigOutline outline("a { b: 1 >", Syntax::kText);
  ASSERT_EQ(outline.brace_mistakes().size(), 1u);
  EXPECT_EQ(outline.brace_mistakes()[0].problem, "\">\" does not close \"{\"; write \"}\"");
}

TEST(ConfigOutline, RefusesToGoTooDeep) {
  for (const char* opener : {"a {", "a: [", "["}) {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += opener;
    EXPECT_FALSE(ConfigOutline(text, Syntax::kText).brace_mistakes().empty());
  }
}

TEST(ConfigOutline, CountsColumnsInBytesAndTakesTabsAsProtobufDoes) {
  const std::string text = "a: 1\n\tbc: 2";
  const ConfigOutline outline(text, Syntax::kText);
  EXPECT_EQ(outline.OffsetOf(1, 8), text.find("bc"));
  EXPECT_EQ(outline.PlaceOf(text.find("bc")).line, 2);
  EXPECT_EQ(outline.PlaceOf(text.find("bc")).column, 2);
}

TEST(ConfigOutline, FindsTheEndForPlacesBehindIt) {
  const ConfigOutline outline("ab", Syntax::kText);
  EXPECT_EQ(outline.OffsetOf(9, 9), 2u);
  EXPECT_EQ(outline.OffsetOf(0, 9), 2u);
}

TEST(ConfigOutline, BlamesTheValueForAnErrorToldAtTheNextStatement) {
  const std::string text = "accept: WRONG\npid_file: 'x'";
  const ConfigOutline outline(text, Syntax::kText);
  EXPECT_EQ(outline.CulpritAt(text.find("pid_file")), text.find("WRONG"));
  EXPECT_EQ(outline.CulpritAt(text.find("WRONG")), text.find("WRONG"));
}

TEST(ConfigOutline, ReadsJson) {
  const std::string text = R"({
    "workerProcesses": 2,
    "listen": [{"address": "one"}, {"address": "two"}],
    "pid_file": null, "http": {"location": [{"path": "/", "root": "www"}]}
  })";
  EXPECT_EQ(At(text, "worker_processes", Syntax::kJson).substr(0, 2), "2,");
  EXPECT_EQ(At(text, "listen[1].address", Syntax::kJson).substr(0, 5), "\"two\"");
  EXPECT_EQ(At(text, "http.location[0].root", Syntax::kJson).substr(0, 5), "\"www\"");
}

TEST(ConfigOutline, SurvivesAnyText) {
  for (const char* text :
       {"",  "[",    "]",  "{",    "a",   "a:",    ":",     "a:[", "'",        "\"",
        "-", "a: -", "[[", "a{[b", ",,;", "1 2 3", "a: 'x", "{}",  "\xff\xfe", "a: ]"}) {
    for (Syntax syntax : {Syntax::kText, Syntax::kJson}) {
      const ConfigOutline outline(text, syntax);
      outline.Locate("a.b[1].c");
      outline.StatementAt(0, config::v1::Config::descriptor());
      outline.CulpritAt(1);
    }
  }
}

}  // namespace
}  // namespace muster::master
