#include "muster/log/printable.h"

#include "gtest/gtest.h"
#include "muster/proto/utf8.h"

namespace muster::log {
namespace {

TEST(Printable, HasNoLineEndsAndNothingThatATerminalObeys) {
  EXPECT_EQ(Printable("one\ntwo\r\x1b[2J\x7f"), "one\\x0atwo\\x0d\\x1b[2J\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");
  EXPECT_EQ(Printable("a\xe2\x80\xa8z"), "a\\xe2\\x80\\xa8z");
}

TEST(Printable, KeepsTabsAndOtherAlphabets) {
  EXPECT_EQ(Printable("a\tb é 日本 😀"), "a\tb é 日本 😀");
}

TEST(Printable, IsUtf8WhateverTheTextIs) {
  EXPECT_EQ(Printable("\xff\x80z"), "\\xff\\x80z");
  EXPECT_EQ(Printable("\xe6\x97"), "\\xe6\\x97");
  EXPECT_EQ(Printable("\xe6z"), "\\xe6z");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Printable("\xe6\x97\xa5\xe6"), "日\\xe6");
}

TEST(CutLine, CutsAtTheEndOfACharacter) {
  for (const std::size_t most : {8u, 9u, 10u, 11u, 12u}) {
    std::string line = "日本語日本語";
    CutLine(line, most);
    EXPECT_LE(line.size(), most);
    EXPECT_TRUE(config::IsUtf8(line)) << line;
    EXPECT_EQ(line.substr(line.size() - 3), "...");
  }
}

TEST(CutLine, LeavesAShortLineAsItIs) {
  std::string line = "12345678";
  CutLine(line, 8);
  EXPECT_EQ(line, "12345678");
}

}  // namespace
}  // namespace muster::log
