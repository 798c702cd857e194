#include "muster/config/syntax/line_index.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(LineIndex, CountsLinesAndColumnsFromOne) {
  const LineIndex index("ab\ncd");
  EXPECT_EQ(index.PlaceOf(0).line, 1);
  EXPECT_EQ(index.PlaceOf(0).column, 1);
  EXPECT_EQ(index.PlaceOf(4).line, 2);
  EXPECT_EQ(index.PlaceOf(4).column, 2);
}

TEST(LineIndex, CountsALinesEndToTheLine) {
  EXPECT_EQ(LineIndex("ab\ncd").PlaceOf(2).line, 1);
  EXPECT_EQ(LineIndex("ab\ncd").PlaceOf(2).column, 3);
}

TEST(LineIndex, HasAPlaceForTheEndOfTheText) {
  EXPECT_EQ(LineIndex("ab\n").PlaceOf(3).line, 2);
  EXPECT_EQ(LineIndex("").PlaceOf(0).line, 1);
}

TEST(LineIndex, CountsTabsAsProtobufDoes) {
  const std::string text = "a: 1\n \tbc: 2";
  EXPECT_EQ(LineIndex(text).OffsetOf(1, 8), text.find("bc"));
  EXPECT_EQ(LineIndex(text).OffsetOf(1, 9), text.find("c:"));
}

TEST(LineIndex, StaysInTheLineAndInTheText) {
  const LineIndex index("ab\ncd");
  EXPECT_EQ(index.OffsetOf(0, 9), 2u);
  EXPECT_EQ(index.OffsetOf(9, 0), 5u);
  EXPECT_EQ(index.OffsetOf(-1, 0), 5u);
}

TEST(LineIndex, HasACursorThatGoesOnFromPlaceToPlace) {
  const std::string text = "a\tb\nc d";
  const LineIndex index(text);
  LineIndex::Cursor cursor(index);
  EXPECT_EQ(cursor.AdvanceTo(0, 0), 0u);
  EXPECT_EQ(cursor.AdvanceTo(0, 8), text.find('b'));
  EXPECT_EQ(cursor.AdvanceTo(1, 2), text.find('d'));
}

TEST(LineIndex, OutlivesTheTextThatItWasMadeOf) {
  std::string text = "ab";
  const LineIndex index(text);
  text[0] = '\n';
  EXPECT_EQ(index.text(), "ab");
}

}  // namespace
}  // namespace muster::config
