#include "muster/ctl/text/table.h"

#include <gtest/gtest.h>

namespace muster::ctl {
namespace {

TEST(Table, AlignsWordsLeftAndNumbersRight) {
  Table table({{"NAME"}, {"COUNT", Table::Align::kRight}, {"NOTE"}});
  table.AddRow({"a", "7", "short"});
  table.AddRow({"longer", "123456", "x"});
  EXPECT_EQ(table.Render(),
            "NAME     COUNT  NOTE\n"
            "a            7  short\n"
            "longer  123456  x\n");
}

TEST(Table, EndsNoLineWithSpaces) {
  Table table({{"A"}, {"B"}});
  table.AddRow({"x", ""});
  table.AddRow({"", "long"});
  EXPECT_EQ(table.Render(),
            "A  B\n"
            "x\n"
            "   long\n");
}

TEST(Table, WithoutRowsIsItsTitles) {
  EXPECT_EQ(Table({{"A"}, {"B", Table::Align::kRight}}).Render(), "A  B\n");
}

TEST(Table, CountsCharactersRatherThanBytes) {
  Table table({{"A"}, {"B"}});
  table.AddRow({"é", "1"});
  table.AddRow({"ab", "2"});
  EXPECT_EQ(table.Render(),
            "A   B\n"
            "é   1\n"
            "ab  2\n");
}

TEST(Table, KeepsACellOnItsLine) {
  Table table({{"A"}});
  table.AddRow({"one\ntwo\x1b[1m"});
  EXPECT_EQ(table.Render(), "A\none two\\x1b[1m\n");
}

TEST(Table, HasNotesThatGoBeyondTheirColumn) {
  Table table({{"MASTER"}, {"A"}, {"B"}});
  table.AddRow({"one", "1", "2"});
  table.AddNote("two", "does not answer at all");
  EXPECT_EQ(table.Render(),
            "MASTER  A  B\n"
            "one     1  2\n"
            "two     does not answer at all\n");
}

TEST(Table, TakesTheRowsOfOthers) {
  Table other({{"A"}, {"B"}});
  other.AddRow({"1", "2"});
  Table table({{"MASTER"}, {"A"}, {"B"}});
  table.AddRows("one", other);
  EXPECT_EQ(table.Render(), "MASTER  A  B\none     1  2\n");
}

TEST(Table, HasRowsInColoursIfItIsToHaveColours) {
  Table table({{"A"}});
  table.AddRow({"bad"}, Colour::kRed);
  EXPECT_EQ(table.Render(/*has_colours=*/true), "A\n\x1b[31mbad\x1b[0m\n");
  EXPECT_EQ(table.Render(), "A\nbad\n");
}

}  // namespace
}  // namespace muster::ctl
