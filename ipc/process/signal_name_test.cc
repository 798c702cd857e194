#include "muster/ipc/process/signal_name.h"

#include <csignal>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(SignalName, NamesSignals) {
  EXPECT_EQ(SignalName(SIGHUP), "SIGHUP");
  EXPECT_EQ(SignalName(SIGKILL), "SIGKILL");
  EXPECT_EQ(SignalName(SIGRTMIN), "SIGRTMIN");
  EXPECT_EQ(SignalName(SIGRTMIN + 2), "SIGRTMIN+2");
}

TEST(SignalName, ShowsTheNumberOfWhatIsNoSignal) {
  EXPECT_EQ(SignalName(0), "signal 0");
  EXPECT_EQ(SignalName(-1), "signal -1");
  EXPECT_EQ(SignalName(32), "signal 32");  // the C library keeps it to itself
  EXPECT_EQ(SignalName(1000), "signal 1000");
}

TEST(ParseSignal, IsTheInverseOfSignalName) {
  for (const int number : {SIGHUP, SIGUSR1, SIGWINCH, SIGSYS, SIGRTMIN, SIGRTMIN + 7, SIGRTMAX}) {
    EXPECT_EQ(*ParseSignal(SignalName(number)), number);
  }
}

TEST(ParseSignal, TakesNamesInAnyFormAndNumbers) {
  EXPECT_EQ(*ParseSignal("HUP"), SIGHUP);
  EXPECT_EQ(*ParseSignal("SIGHUP"), SIGHUP);
  EXPECT_EQ(*ParseSignal("hup"), SIGHUP);
  EXPECT_EQ(*ParseSignal("sighup"), SIGHUP);
  EXPECT_EQ(*ParseSignal("1"), SIGHUP);
  EXPECT_EQ(*ParseSignal("RTMIN+2"), SIGRTMIN + 2);
}

TEST(ParseSignal, RefusesAnythingElse) {
  for (const char* text : {"", "SIG", "0", "-1", "32", "65", "99999999999", "HUPP", "1x"}) {
    EXPECT_EQ(ParseSignal(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseSignal("RELOAD").status().message(),
            "signal \"RELOAD\": expected a name like HUP or SIGHUP, or a number from 1 to 64");
}

}  // namespace
}  // namespace muster::ipc
