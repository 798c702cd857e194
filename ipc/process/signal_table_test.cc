#include "muster/ipc/process/signal_table.h"

#include <csignal>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

enum class Order { kReload, kQuit, kStop, kUpgrade };

constexpr SignalTable kSignals({
    SignalEntry<Order>{SIGHUP, "HUP", Order::kReload},
    SignalEntry<Order>{SIGQUIT, "QUIT", Order::kQuit},
    SignalEntry<Order>{SIGTERM, "TERM", Order::kStop},
    SignalEntry<Order>{SIGINT, "INT", Order::kStop},
});

static_assert(kSignals.size() == 4);
static_assert(kSignals.FindNumber(SIGQUIT)->command == Order::kQuit);
static_assert(kSignals.FindCommand(Order::kStop)->number == SIGTERM);

TEST(SignalTable, FindsByNumber) {
  EXPECT_EQ(kSignals.FindNumber(SIGHUP)->command, Order::kReload);
  EXPECT_EQ(kSignals.FindNumber(SIGUSR1), nullptr);
}

TEST(SignalTable, FindsTheFirstSignalOfACommand) {
  EXPECT_EQ(kSignals.FindCommand(Order::kStop)->name, "TERM");
  EXPECT_EQ(kSignals.FindCommand(Order::kUpgrade), nullptr);
}

TEST(SignalTable, FindsByNameInAnyForm) {
  for (const char* text : {"HUP", "SIGHUP", "hup", "sighup", "1"}) {
    ASSERT_NE(kSignals.FindName(text), nullptr) << text;
    EXPECT_EQ(kSignals.FindName(text)->number, SIGHUP) << text;
  }
}

TEST(SignalTable, FindsNoOtherName) {
  for (const char* text : {"", "SIG", "USR1", "SIGSIGHUP", "9", "HUP "}) {
    EXPECT_EQ(kSignals.FindName(text), nullptr) << text;
  }
}

TEST(SignalTable, IsWalkedInItsOrder) {
  int last = 0;
  for (const auto& entry : kSignals) last = entry.number;
  EXPECT_EQ(last, SIGINT);
}

TEST(SignalTable, TakesNumbersAsCommands) {
  constexpr SignalTable numbers({SignalEntry<int>{SIGHUP, "HUP", 7}});
  EXPECT_EQ(numbers.FindName("HUP")->command, 7);
}

}  // namespace
}  // namespace muster::ipc
