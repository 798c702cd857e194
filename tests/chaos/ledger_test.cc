#include "muster/tests/chaos/ledger.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::tests::chaos {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr Ledger::Time At(int second) { return Ledger::Time(seconds(second)); }

// Connections 1 to 3 are open since second 1, 2 and 3, and held by process 10, 20 and nobody.
class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    for (int i = 1; i <= 3; ++i) ledger_.NoteOpened(i, At(i));
    ledger_.NoteHolders(1, {10});
    ledger_.NoteHolders(2, {20});
  }
  // The connections without a reason.
  std::vector<Ledger::Connection> Settle() {
    std::vector<Ledger::Connection> connections;
    for (const Ledger::Closing& closing : ledger_.Settle()) {
      connections.push_back(closing.connection);
    }
    return connections;
  }
  Ledger ledger_;
};

TEST_F(LedgerTest, HasNoReasonByItself) {
  ledger_.NoteClosed(1, At(5));
  const auto unaccounted = ledger_.Settle();
  ASSERT_EQ(unaccounted.size(), 1u);
  EXPECT_EQ(unaccounted[0].at, At(5));
  EXPECT_THAT(unaccounted[0].holders, ElementsAre(10));
  EXPECT_THAT(Settle(), IsEmpty()) << "each is told once";
}

TEST_F(LedgerTest, AccountsForWhatAKilledProcessHeld) {
  ledger_.Add({.name = "killed", .from = At(4), .holders = {10}});
  for (int i = 1; i <= 3; ++i) ledger_.NoteClosed(i, At(5));
  EXPECT_THAT(Settle(), ElementsAre(2, 3));
  EXPECT_THAT(ledger_.accounted(), ElementsAre(Pair("killed", 1)));
}

TEST_F(LedgerTest, LeavesAReasonToTheConnectionThatHasNoOther) {
  ledger_.Add({.name = "cap", .from = At(4), .holders = {10}, .at_most = 1});
  ledger_.Add({.name = "cap", .from = At(4), .holders = {20}, .at_most = 1});
  ledger_.NoteHolders(3, {10, 20});
  ledger_.NoteClosed(3, At(5));
  ledger_.NoteClosed(1, At(5));
  EXPECT_THAT(Settle(), IsEmpty());
}

TEST_F(LedgerTest, CountsTheLastHoldersOfAConnectionThatIsOnItsWay) {
  ledger_.Add({.name = "killed", .from = At(4), .holders = {10}});
  ledger_.NoteHolders(1, {});
  ledger_.NoteClosed(1, At(5));
  EXPECT_THAT(Settle(), IsEmpty());
}

TEST_F(LedgerTest, DoesNotCountWhoHeldAConnectionBefore) {
  ledger_.Add({.name = "killed", .from = At(4), .holders = {10}});
  ledger_.NoteHolders(1, {20});
  ledger_.NoteClosed(1, At(5));
  EXPECT_THAT(Settle(), ElementsAre(1));
}

TEST_F(LedgerTest, DoesNotAccountForWhatWasClosedBeforeTheReason) {
  ledger_.Add({.name = "deadline", .from = At(6), .holders = {10}});
  ledger_.NoteClosed(1, At(5));
  EXPECT_THAT(Settle(), ElementsAre(1));
}

TEST_F(LedgerTest, AccountsForConnectionsByTheirNumber) {
  ledger_.Add({.name = "killed", .from = At(4), .connections = {3}});
  ledger_.NoteClosed(2, At(5));
  ledger_.NoteClosed(3, At(5));
  EXPECT_THAT(Settle(), ElementsAre(2));
}

TEST_F(LedgerTest, AccountsForAllThatWereOpenBeforeAPause) {
  ledger_.Add({.name = "pause", .from = At(2), .all_opened_before = At(3)});
  for (int i = 1; i <= 3; ++i) ledger_.NoteClosed(i, At(5));
  EXPECT_THAT(Settle(), ElementsAre(3));
}

TEST_F(LedgerTest, AccountsForNoMoreThanWasTold) {
  ledger_.Add({.name = "cap", .from = At(4), .holders = {10, 20}, .at_most = 1});
  ledger_.NoteClosed(1, At(5));
  ledger_.NoteClosed(2, At(5));
  EXPECT_THAT(Settle(), ElementsAre(2));
}

TEST_F(LedgerTest, KnowsWhoHoldsAConnectionAndWhoHeldItBefore) {
  ledger_.NoteHolders(1, {11});
  ledger_.NoteHolders(1, {12});
  ledger_.NoteHolders(1, {12});
  EXPECT_THAT(ledger_.HoldersOf(1), ElementsAre(11, 12));
  EXPECT_THAT(ledger_.HoldersOf(3), IsEmpty());
}

TEST_F(LedgerTest, AsksNoReasonForWhatTheClientClosed) {
  ledger_.Forget(1);
  ledger_.NoteClosed(1, At(5));
  EXPECT_THAT(Settle(), IsEmpty());
  EXPECT_THAT(ledger_.OpenedBefore(At(9)), ElementsAre(2, 3));
}

}  // namespace
}  // namespace muster::tests::chaos
