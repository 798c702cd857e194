#include "muster/ctl/text/printable.h"

#include <gtest/gtest.h>

namespace muster::ctl {
namespace {

TEST(Printable, ShowsWhatCouldCommandTheTerminal) {
  EXPECT_EQ(Printable("\x1b[2Jgone\r\x7f"), "\\x1b[2Jgone\\x0d\\x7f");
}

TEST(Printable, KeepsLinesAndOtherAlphabets) {
  EXPECT_EQ(Printable("a\n\tb é 日本"), "a\n\tb é 日本");
}

}  // namespace
}  // namespace muster::ctl
