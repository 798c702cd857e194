#include "muster/master/admin/connection/health_board.h"

#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;

struct Notes final : HealthBoard::Watcher {
  void Show(std::optional<bool> state) override { shown.push_back(state); }
  void End() override { ++ends; }
  std::vector<std::optional<bool>> shown;
  int ends = 0;
};

TEST(HealthBoard, KnowsNoNameBeforeItIsSet) {
  HealthBoard board;
  EXPECT_EQ(board.Read(""), std::nullopt);
  board.Set({{"", true}, {"worker/0", false}});
  EXPECT_EQ(board.Read(""), true);
  EXPECT_EQ(board.Read("worker/0"), false);
  EXPECT_EQ(board.Read("worker/1"), std::nullopt);
}

TEST(HealthBoard, ShowsTheStateThatIsAndThenEachChange) {
  HealthBoard board;
  board.Set({{"", true}});
  Notes notes;
  board.Add("", &notes);
  board.Set({{"", true}});
  board.Set({{"", false}});
  EXPECT_THAT(notes.shown, ElementsAre(true, false));
}

TEST(HealthBoard, ShowsNoChangeOfAnotherName) {
  HealthBoard board;
  board.Set({{"", true}, {"worker/0", true}});
  Notes notes;
  board.Add("worker/0", &notes);
  board.Set({{"", false}, {"worker/0", true}});
  EXPECT_THAT(notes.shown, ElementsAre(true));
}

TEST(HealthBoard, ShowsANameThatComesAndGoes) {
  HealthBoard board;
  Notes notes;
  board.Add("worker/7", &notes);
  board.Set({{"worker/7", true}});
  board.Set({});
  EXPECT_THAT(notes.shown, ElementsAre(std::nullopt, true, std::nullopt));
}

TEST(HealthBoard, ShowsNothingToWhomItForgot) {
  HealthBoard board;
  Notes notes;
  board.Add("", &notes);
  board.Remove(&notes);
  board.Set({{"", true}});
  board.Close();
  EXPECT_EQ(notes.shown.size(), 1u);
  EXPECT_EQ(notes.ends, 0);
}

TEST(HealthBoard, EndsThoseWhoWatchAndThoseWhoComeLater) {
  HealthBoard board;
  Notes first;
  board.Add("", &first);
  board.Close();
  Notes late;
  board.Add("", &late);
  EXPECT_EQ(first.ends, 1);
  EXPECT_EQ(late.ends, 1);
}

}  // namespace
}  // namespace muster::master
