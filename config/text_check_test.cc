#include "muster/config/text_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// "offset: problem" of each.
std::vector<std::string> Told(const std::vector<TextMistake>& mistakes) {
  std::vector<std::string> told;
  for (const TextMistake& mistake : mistakes) {
    told.push_back(absl::StrCat(mistake.offset, ": ", mistake.problem));
  }
  return told;
}

std::vector<std::string> InText(const std::string& text) {
  return Told(CheckText(text, ConfigFormat::kText));
}
std::vector<std::string> InJson(const std::string& text) {
  return Told(CheckText(text, ConfigFormat::kJson));
}
TEST(TextCheck, IsWorthReading) {
  EXPECT_THAT(InText("# \xc3\xa4 // {\nlisten { address: 'http://x' }\r\n\tb: \"\xc3\xa4\"\n"),
              IsEmpty());
  EXPECT_THAT(InText("anything is"), IsEmpty());
  EXPECT_THAT(InJson(" {\"a\": \"// # \xc3\xa4\"}"), IsEmpty());
}

TEST(TextCheck, MayHaveAByteOrderMark) {
  EXPECT_EQ(WithoutByteOrderMark("\xef\xbb\xbf{}"), "   {}");
  EXPECT_EQ(WithoutByteOrderMark("{\xef\xbb\xbf}"), "{\xef\xbb\xbf}");
}

TEST(TextCheck, IsNotEmpty) {
  EXPECT_THAT(InText(""), ElementsAre(StartsWith("0: is empty; a configuration has at least "
                                                 "listen {")));
  EXPECT_THAT(InText(" \n"), ElementsAre(StartsWith("0: is empty; ")));
  EXPECT_THAT(InText("# x\n"), ElementsAre(StartsWith("0: has comments only; ")));
  EXPECT_THAT(InJson(""), ElementsAre(StartsWith("0: is empty; a configuration has at least "
                                                 "{\"listen\"")));
}

TEST(TextCheck, IsNotBinaryData) {
  EXPECT_THAT(InText(std::string("\x7f"
                                 "ELF\x02\x01\0",
                                 7)),
              ElementsAre("0: is binary data, not a text: there is a byte 0x7f"));
  EXPECT_THAT(InText(std::string("a\0b", 3)),
              ElementsAre("1: is binary data, not a text: there is a byte 0x00"));
  EXPECT_THAT(InJson("\x1f\x8b\x08"),
              ElementsAre("0: is binary data, not a text: there is a byte 0x1f"));
}

TEST(TextCheck, IsNotInUtf16) {
  EXPECT_THAT(InText(std::string("\xff\xfe"
                                 "a\0",
                                 4)),
              ElementsAre("0: is a text in UTF-16; save it as UTF-8"));
}

TEST(TextCheck, HasNoControlCharacters) {
  EXPECT_THAT(InText("a: \"\x1b\""),
              ElementsAre("4: there is a control character; in quotes write \\x1b"));
  EXPECT_THAT(InJson("{\"a\": \"\x1b\"}"),
              ElementsAre("7: there is a control character; in quotes write \\u001b"));
}

TEST(TextCheck, HasNoCharactersOfAWordProcessor) {
  EXPECT_THAT(InText("a: \xe2\x80\x9cx\xe2\x80\x9d"),
              ElementsAre("3: there is a typographic quote; write \""));
  EXPECT_THAT(InText("a:\xc2\xa0"
                     "5"),
              ElementsAre("2: there is a special blank, U+00a0; write a plain one"));
  EXPECT_THAT(InText("a: \xe2\x80\x93"
                     "5"),
              ElementsAre("3: there is a typographic dash; write -"));
  EXPECT_THAT(InJson("{\"a\": \xf0\x9f\x98\x80}"),
              ElementsAre("6: there is U+1f600, which may be in quotes and comments only"));
  EXPECT_THAT(InText("a: \xff"),
              ElementsAre("3: there is a byte that is not UTF-8; save the text as UTF-8"));
  EXPECT_THAT(InText("a: \xe2\x80"), ElementsAre(HasSubstr("a byte that is not UTF-8")));
}

TEST(TextCheck, HasTwoQuotesToEachText) {
  EXPECT_THAT(InText("a { b: \"x }\nc: y' }\n"),
              ElementsAre("7: this quote has no partner in its line; write \" at both ends of the "
                          "text",
                          "16: this quote has no partner in its line; write ' at both ends of the "
                          "text"));
  EXPECT_THAT(InJson("{\"a: 5}"), ElementsAre(HasSubstr("1: this quote has no partner")));
}

TEST(TextCheck, IsNotJsonUnderAnotherName) {
  EXPECT_THAT(InText("# x\n {\"a\": 5}"),
              ElementsAre("5: is JSON in a file whose name does not say so; give it a name that "
                          "ends in .json"));
  EXPECT_THAT(InText("[{\"a\": 5}]"), ElementsAre(StartsWith("0: is JSON")));
  EXPECT_THAT(InText("[x.y] { }"), IsEmpty());
}

TEST(TextCheck, IsNotTextFormatUnderTheNameOfJson) {
  for (const char* text : {"# x\nlisten {}", "# x\na: 5", "# x\na < >"}) {
    EXPECT_THAT(InJson(text),
                ElementsAre("4: is protobuf's text format in a file whose name says JSON; give it "
                            "a name that does not end in .json"));
  }
  EXPECT_THAT(InJson("[]"),
              ElementsAre("0: is a list, but a configuration is one object, { ... }"));
  EXPECT_THAT(InJson("5"), ElementsAre("0: is no object, but a configuration is one, { ... }"));
}

TEST(TextCheck, HasNoCommentsInJson) {
  for (const char* comment : {"// x\n", "/* x */", "# x\n"}) {
    EXPECT_THAT(InJson(absl::StrCat("{\n", comment, "}")),
                ElementsAre(StartsWith("2: there is a comment, which JSON does not have; ")));
  }
}

TEST(TextCheck, HasOneKindOfCommentInTextFormat) {
  EXPECT_THAT(InText("// x"),
              ElementsAre("0: \"//\" begins no comment; write # before each line of it"));
  EXPECT_THAT(InText("a: 5 /* x */"),
              ElementsAre("5: \"/*\" begins no comment; write # before each line of it"));
  EXPECT_THAT(InText("a: http://x"), ElementsAre("8: a text needs quotes around it"));
}

}  // namespace
}  // namespace muster::config
