#include "muster/master/keep/shared_table.h"

#include <memory>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(SharedTable, GivesEachEntryOneNumber) {
  SharedTable<int> table;
  const auto first = std::make_shared<const int>(7);
  const auto second = std::make_shared<const int>(7);
  EXPECT_EQ(table.Add(first), 0u);
  EXPECT_EQ(table.Add(second), 1u);
  EXPECT_EQ(table.Add(first), 0u);
  EXPECT_EQ(table.entries().size(), 2u);
}

TEST(SharedTable, FindsTheEntryThatANumberNames) {
  const auto entry = std::make_shared<const int>(7);
  const SharedTable<int> table({entry});
  EXPECT_EQ(*table.Find(0, "workers[0].zones[0]"), entry);
  EXPECT_EQ(table.Find(1, "workers[0].zones[0]").status().message(),
            "workers[0].zones[0]: is entry 1 of a table of 1");
}

}  // namespace
}  // namespace muster::master
