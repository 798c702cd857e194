#include "muster/worker/http/intrusive_list.h"

#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

struct Number : IntrusiveList<Number>::Node {
  Number(IntrusiveList<Number>& list, int number) : Node(list), value(number) {}
  int value;
};

std::vector<int> ValuesOf(const IntrusiveList<Number>& list) {
  std::vector<int> values;
  list.ForEach([&values](const Number& number) { values.push_back(number.value); });
  return values;
}

class IntrusiveListTest : public testing::Test {
 protected:
  IntrusiveList<Number> list_;
  std::optional<Number> one_{std::in_place, list_, 1};
  std::optional<Number> two_{std::in_place, list_, 2};
  std::optional<Number> three_{std::in_place, list_, 3};
};

TEST_F(IntrusiveListTest, HasTheLatestFirst) {
  EXPECT_EQ(ValuesOf(list_), std::vector({3, 2, 1}));
  EXPECT_EQ(list_.first(), &*three_);
}

TEST_F(IntrusiveListTest, LosesAMemberThatIsDestroyedAnywhereInIt) {
  two_.reset();
  EXPECT_EQ(ValuesOf(list_), std::vector({3, 1}));
  three_.reset();
  EXPECT_EQ(ValuesOf(list_), std::vector({1}));
  one_.reset();
  EXPECT_EQ(list_.first(), nullptr);
}

TEST_F(IntrusiveListTest, TakesAMemberAfterItHasLostOne) {
  three_.reset();
  one_.reset();
  const Number four(list_, 4);
  EXPECT_EQ(ValuesOf(list_), std::vector({4, 2}));
}

TEST_F(IntrusiveListTest, LetsAVisitDestroyTheMemberThatItVisits) {
  list_.ForEach([this](Number& number) {
    if (number.value == 3) three_.reset();
    if (number.value == 1) one_.reset();
  });
  EXPECT_EQ(ValuesOf(list_), std::vector({2}));
}

TEST_F(IntrusiveListTest, DoesNotVisitAMemberThatAVisitMakes) {
  std::vector<std::unique_ptr<Number>> made;
  int visits = 0;
  list_.ForEach([&](const Number&) {
    ++visits;
    made.push_back(std::make_unique<Number>(list_, 4));
  });
  EXPECT_EQ(visits, 3);
}

}  // namespace
}  // namespace muster::worker::http
