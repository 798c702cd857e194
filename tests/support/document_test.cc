#include "muster/tests/support/document.h"

#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;

absl::StatusOr<std::vector<DocumentBlock>> Read(const std::string& text) {
  const std::string path = absl::StrCat(::getenv("TEST_TMPDIR"), "/page.md");
  WriteFile(path, text);
  return ReadBlocks(path);
}

std::string ErrorOf(const std::string& text) { return std::string(Read(text).status().message()); }

TEST(Document, HasBlocksWithLanguageTextAndLine) {
  const auto blocks = Read("Text.\n\n```console\n$ ls\n\nfile\n```\n");
  ASSERT_TRUE(blocks.ok()) << blocks.status();
  ASSERT_EQ(blocks->size(), 1u);
  EXPECT_EQ(blocks->at(0).language, "console");
  EXPECT_EQ(blocks->at(0).text, "$ ls\n\nfile\n");
  EXPECT_THAT(blocks->at(0).Place(), EndsWith("/page.md:3"));
}

TEST(Document, GivesABlockTheCommentAboveIt) {
  const auto blocks = Read(
      "<!-- not run: it would end the machine -->\n```sh\nreboot\n```\n"
      "<!-- case\nstart\n-->\n\n```console\n$ ls\n```\n");
  ASSERT_TRUE(blocks.ok()) << blocks.status();
  EXPECT_EQ(blocks->at(0).Reason("not run"), "it would end the machine");
  EXPECT_EQ(blocks->at(0).Reason("not compared"), std::nullopt);
  EXPECT_EQ(blocks->at(1).comment, "case\nstart\n\n");
  EXPECT_EQ(blocks->at(1).comment_line, 5);
}

TEST(Document, GivesNoBlockACommentFromFartherAbove) {
  const auto blocks = Read("<!-- not run: never -->\nText.\n```sh\nls\n```\n```sh\nls\n```\n");
  ASSERT_TRUE(blocks.ok()) << blocks.status();
  EXPECT_THAT(blocks->at(0).comment, IsEmpty());
  EXPECT_THAT(blocks->at(1).comment, IsEmpty());
}

TEST(Document, MayNotHaveABlockWithoutLanguage) {
  EXPECT_THAT(ErrorOf("```\na\n```\n"),
              EndsWith(":1: a block without a language; a picture is ```text"));
}

TEST(Document, MayNotHaveAnIndentedBlock) {
  EXPECT_THAT(
      ErrorOf("Text.\n\n    $ ls\n"),
      EndsWith(":3: an indented block; put it between ``` and ```, which names a language"));
}

TEST(Document, MayIndentTheLinesOfAList) {
  EXPECT_TRUE(Read("10. one\n    and more of it\n").ok());
}

TEST(Document, ClosesWhatItOpens) {
  EXPECT_FALSE(Read("```sh\nls\n").ok());
  EXPECT_FALSE(Read("<!-- case\n").ok());
}

}  // namespace
}  // namespace muster::tests
