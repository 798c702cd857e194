#include "muster/ctl/top/top_columns.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TopRow RowWith(TopColumn column, const std::string& text) {
  TopRow row;
  row.cells[static_cast<std::size_t>(column)] = text;
  return row;
}

TEST(TopColumns, AreAsWideAsTheirWidestCell) {
  const TopRow wide = RowWith(TopColumn::kState, "waiting for others");
  const TopColumns columns({&wide});
  EXPECT_THAT(columns.Titles(TopColumn::kPid, true), HasSubstr("  -PID  STATE               "));
  EXPECT_THAT(columns.LineOf(RowWith(TopColumn::kState, "serving")),
              HasSubstr("  serving             "));
}

TEST(TopColumns, AreLeftOutWhereThereIsNoRoom) {
  TopColumns columns({});
  columns.Fit(30, TopColumn::kSlot);
  EXPECT_THAT(columns.Titles(TopColumn::kSlot, false),
              AllOf(HasSubstr("WORKER"), HasSubstr("+SLOT"), HasSubstr("STATE"),
                    Not(HasSubstr("RESTARTS")), Not(HasSubstr("PID"))));
}

TEST(TopColumns, ShowTheBeginningOfALongRequest) {
  const TopRow row = RowWith(TopColumn::kRequest, std::string(500, 'x'));
  TopColumns columns({&row});
  columns.Fit(200, TopColumn::kWorker);
  EXPECT_THAT(columns.LineOf(row), HasSubstr("  xxxxxxxxxx"));
}

}  // namespace
}  // namespace muster::ctl
