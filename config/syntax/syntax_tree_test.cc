#include "muster/config/syntax/syntax_tree.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::config {
namespace {

// The text that begins where the tree finds `path`.
std::string At(const std::string& text, const std::string& path,
               ConfigFormat format = ConfigFormat::kText) {
  return text.substr(SyntaxTree(text, format).Locate(path), 8);
}

TEST(SyntaxTree, KnowsWaysToWriteAStatement) {
  const std::string text = "a < b: - 5 > ; c: 'x' 'y', d: { e: f } [x.y/T] { g: 1 } h: 'target..'";
  EXPECT_EQ(At(text, "h"), "'target.");
  EXPECT_EQ(At(text, "a.b"), "- 5 > ; ");
  EXPECT_EQ(At(text, "d.e"), "f } [x.y");
}

TEST(SyntaxTree, IgnoresCommentsAndBracesInStrings) {
  EXPECT_EQ(At("# { nothing\na: '}{' # x: 1\nx: 87654321", "x"), "87654321");
}

TEST(SyntaxTree, TellsABraceThatIsNeverClosed) {
  const SyntaxTree tree("http {\n  location {\n}", ConfigFormat::kText);
  ASSERT_EQ(tree.brace_mistakes().size(), 1u);
  EXPECT_EQ(tree.brace_mistakes()[0].problem, "\"{\" is never closed");
  EXPECT_EQ(tree.PlaceOf(tree.brace_mistakes()[0].offset).line, 1);
}

TEST(SyntaxTree, TellsABraceThatClosesNothing) {
  const SyntaxTree tree("a: 1\n}\nb: 2", ConfigFormat::kText);
  ASSERT_EQ(tree.brace_mistakes().size(), 1u);
  EXPECT_EQ(tree.brace_mistakes()[0].problem, "\"}\" closes nothing");
  EXPECT_EQ(tree.PlaceOf(tree.brace_mistakes()[0].offset).line, 2);
}

TEST(SyntaxTree, TellsABraceThatDoesNotMatch) {
  const SyntaxTree tree("a { b: 1 >", ConfigFormat::kText);
  ASSERT_EQ(tree.brace_mistakes().size(), 1u);
  EXPECT_EQ(tree.brace_mistakes()[0].problem, "\">\" does not close \"{\"; write \"}\"");
}

TEST(SyntaxTree, RefusesToGoTooDeep) {
  for (const char* opener : {"a {", "a: [", "["}) {
    std::string text;
    for (int i = 0; i < 10000; ++i) text += opener;
    EXPECT_FALSE(SyntaxTree(text, ConfigFormat::kText).brace_mistakes().empty());
  }
}

TEST(SyntaxTree, CountsColumnsInBytesAndTakesTabsAsProtobufDoes) {
  const std::string text = "a: 1\n\tbc: 2";
  const SyntaxTree tree(text, ConfigFormat::kText);
  EXPECT_EQ(tree.OffsetOf(1, 8), text.find("bc"));
  EXPECT_EQ(tree.PlaceOf(text.find("bc")).line, 2);
  EXPECT_EQ(tree.PlaceOf(text.find("bc")).column, 2);
}

TEST(SyntaxTree, FindsTheEndForPlacesBehindIt) {
  const SyntaxTree tree("ab", ConfigFormat::kText);
  EXPECT_EQ(tree.OffsetOf(9, 9), 2u);
  EXPECT_EQ(tree.OffsetOf(0, 9), 2u);
}

TEST(SyntaxTree, BlamesTheValueForAnErrorToldAtTheNextStatement) {
  const std::string text = "accept: WRONG\npid_file: 'x'";
  const SyntaxTree tree(text, ConfigFormat::kText);
  EXPECT_EQ(tree.CulpritAt(text.find("pid_file")), text.find("WRONG"));
  EXPECT_EQ(tree.CulpritAt(text.find("WRONG")), text.find("WRONG"));
}

TEST(SyntaxTree, BlamesTheValueForAnErrorToldAtTheEndOfItsBlock) {
  const std::string text = "listen { backlog: x }";
  const SyntaxTree tree(text, ConfigFormat::kText);
  EXPECT_EQ(tree.CulpritAt(text.find('}')), text.find('x'));
}

TEST(SyntaxTree, ReadsJson) {
  const std::string text = R"({
    "workerProcesses": 2,
    "listen": [{"address": "one"}, {"address": "two"}],
    "pid_file": null, "http": {"location": [{"path": "/", "root": "www"}]}
  })";
  EXPECT_EQ(At(text, "worker_processes", ConfigFormat::kJson).substr(0, 2), "2,");
  EXPECT_EQ(At(text, "listen[1].address", ConfigFormat::kJson).substr(0, 5), "\"two\"");
  EXPECT_EQ(At(text, "http.location[0].root", ConfigFormat::kJson).substr(0, 5), "\"www\"");
}

TEST(SyntaxTree, SurvivesAnyText) {
  for (const char* text :
       {"",  "[",    "]",  "{",    "a",   "a:",    ":",     "a:[", "'",        "\"",
        "-", "a: -", "[[", "a{[b", ",,;", "1 2 3", "a: 'x", "{}",  "\xff\xfe", "a: ]"}) {
    for (ConfigFormat format : {ConfigFormat::kText, ConfigFormat::kJson}) {
      const SyntaxTree tree(text, format);
      tree.Locate("a.b[1].c");
      tree.StatementAt(0, v1::Config::descriptor());
      tree.CulpritAt(1);
    }
  }
}

}  // namespace
}  // namespace muster::config
