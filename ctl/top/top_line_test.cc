#include "muster/ctl/top/top_line.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

TEST(TopLine, IsAsWideAsItHasCodePoints) {
  EXPECT_EQ(WidthOf("größer"), 6u);
  EXPECT_EQ(Cut("größer", 4), "größ");
  EXPECT_EQ(Cut("größer", 6), "größer");
  EXPECT_EQ(Padded("größer", 8, false), "größer  ");
  EXPECT_EQ(Padded("größer", 8, true), "  größer");
  EXPECT_EQ(Padded("größer", 2, true), "größer");
}

TEST(TopLine, CannotCommandTheTerminal) { EXPECT_EQ(OnOneLine("a\n\tb\x1b"), "a  b\\x1b"); }

TEST(TopLine, EndsBetweenParts) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(Flow({"one", "", "two", "three"}, 8), (Lines{"one  two", "three"}));
  EXPECT_EQ(Flow({"longer", "x"}, 2), (Lines{"longer", "x"}));
  EXPECT_EQ(Flow({}, 8), (Lines{""}));
}

TEST(TopLine, EndsBetweenWords) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(Wrap("no master there: connect", 10), (Lines{"no master", "there:", "connect"}));
  EXPECT_EQ(Wrap("longer x", 2), (Lines{"longer", "x"}));
  EXPECT_EQ(Wrap("", 2), (Lines{""}));
}

}  // namespace
}  // namespace muster::ctl
