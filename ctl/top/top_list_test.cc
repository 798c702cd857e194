#include "muster/ctl/top/top_list.h"

#include <vector>

#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// Workers with these numbers; worker N has the pid 100 + N and 10 - N requests.
v1::Status StatusOf(const std::vector<int>& numbers) {
  v1::Status status;
  for (const int number : numbers) {
    v1::Worker* const worker = status.add_workers();
    worker->set_index(number);
    worker->set_pid(100 + number);
    worker->set_state(v1::Worker::SERVING);
    worker->mutable_counters()->set_requests(10 - number);
  }
  return status;
}

TopList ListOf(const std::vector<int>& numbers) {
  TopList list;
  list.Take(StatusOf(numbers), absl::Seconds(1));
  return list;
}

int NumberOf(const TopRow& row) {
  return static_cast<int>(row.keys[static_cast<std::size_t>(TopColumn::kWorker)]);
}

std::vector<int> NumbersOf(const TopList& list) {
  std::vector<int> numbers;
  for (const TopRow* row : list.Shown()) numbers.push_back(NumberOf(*row));
  return numbers;
}

int SelectedOf(const TopList& list) { return NumberOf(*list.Shown().at(list.selected())); }

TEST(TopList, HasTheOrderOfAColumn) {
  TopList list = ListOf({0, 1, 2});
  list.SortBy(TopColumn::kRequests, false);
  EXPECT_EQ(NumbersOf(list), (std::vector<int>{2, 1, 0}));
  list.SortBy(TopColumn::kRequests, true);
  EXPECT_EQ(NumbersOf(list), (std::vector<int>{0, 1, 2}));
}

TEST(TopList, GoesRoundTheColumns) {
  TopList list = ListOf({0});
  list.SortByNext(-1);
  EXPECT_EQ(list.order(), static_cast<TopColumn>(kTopColumns - 1));
  list.SortByNext(1);
  EXPECT_EQ(list.order(), TopColumn::kWorker);
}

TEST(TopList, LeavesOutWhatTheFilterDoesNotLetThrough) {
  TopList list = ListOf({0, 1, 2});
  list.SetFilter("102");
  EXPECT_EQ(NumbersOf(list), (std::vector<int>{2}));
}

TEST(TopList, SelectsNothingBeyondItsEnds) {
  TopList list = ListOf({0, 1, 2});
  list.Move(-1);
  EXPECT_EQ(SelectedOf(list), 0);
  list.Move(100);
  EXPECT_EQ(SelectedOf(list), 2);
  list.Take(StatusOf({0}), absl::Seconds(2));
  EXPECT_EQ(SelectedOf(list), 0);
  list.Take({}, absl::Seconds(3));
  list.Move(1);
  EXPECT_EQ(list.selected(), 0u);
}

TEST(TopList, KeepsTheSelectionWhateverTheOrder) {
  TopList list = ListOf({0, 1, 2, 3});
  list.Move(1);
  list.SortBy(TopColumn::kRequests, false);
  EXPECT_EQ(list.selected(), 2u);
  EXPECT_EQ(SelectedOf(list), 1);
  list.Take(StatusOf({1, 4, 5, 6}), absl::Seconds(2));
  EXPECT_EQ(list.selected(), 3u);
  EXPECT_EQ(SelectedOf(list), 1);
}

TEST(TopList, TellsAWorkerFromItsSuccessor) {
  v1::Status status = StatusOf({0, 1, 1, 2});
  status.mutable_workers(1)->set_slot(1);
  status.mutable_workers(2)->set_slot(3);
  TopList list;
  list.Take(status, absl::Seconds(1));
  for (const int place : {1, 2}) {
    list.Move(-4);
    list.Move(place);
    list.Take(status, absl::Seconds(2));
    EXPECT_EQ(list.selected(), static_cast<std::size_t>(place));
  }
  list.Move(-1);
  status.mutable_workers()->DeleteSubrange(1, 1);
  list.Take(status, absl::Seconds(3));
  EXPECT_EQ(list.selected(), 1u) << "the successor";
}

}  // namespace
}  // namespace muster::ctl
