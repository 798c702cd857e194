#include "muster/ctl/text/printable.h"

#include <gtest/gtest.h>

namespace muster::ctl {
namespace {

TEST(Printable, ShowsWhatCouldCommandTheTerminal) {
  EXPECT_EQ(Printable("\x1b[2Jgone\r\x7f"), "\\x1b[2Jgone\\x0d\\x7f");
}

TEST(Printable, ShowsTheControlCharactersBeyondAscii) {
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J\xc2\x80\xc2\xa0"),
            "\\xc2\\x9b2J\\xc2\\x80\xc2\xa0");
}

TEST(Printable, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(Printable("\x9b"
                      "2J\xe9"),
            "\\x9b2J\\xe9");
  EXPECT_EQ(Printable("\xe0\x82\x9b\xe6\x97"), "\\xe0\\x82\\x9b\\xe6\\x97");
  EXPECT_EQ(Printable("\xed\xa0\x80\xf4\x90\x80\x80"), "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

TEST(Printable, KeepsLinesAndOtherAlphabets) {
  EXPECT_EQ(Printable("a\n\tb é 日本 𝄞"), "a\n\tb é 日本 𝄞");
}

}  // namespace
}  // namespace muster::ctl
