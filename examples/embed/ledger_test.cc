#include "ledger.h"

#include "gtest/gtest.h"

namespace embed {
namespace {

TEST(Ledger, KeepsItsSum) {
  Ledger ledger = {};
  ledger.Open(700, 300);
  ledger.Transfer(100);
  EXPECT_EQ(ledger.Sum(), 1000);
  EXPECT_FALSE(ledger.Repair());
}

TEST(Ledger, TakesBackATransferThatWasCutOff) {
  Ledger ledger = {};
  ledger.Open(700, 300);
  ledger.BeginTransfer(100);
  EXPECT_EQ(ledger.Sum(), 900);
  EXPECT_TRUE(ledger.Repair());
  EXPECT_EQ(ledger.Sum(), 1000);
}

TEST(Ledger, IsRepairedOnce) {
  Ledger ledger = {};
  ledger.Open(700, 300);
  ledger.BeginTransfer(100);
  EXPECT_TRUE(ledger.Repair());
  EXPECT_FALSE(ledger.Repair());
}

}  // namespace
}  // namespace embed
