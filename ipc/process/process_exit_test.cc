#include "muster/ipc/process/process_exit.h"

#include <csignal>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

TEST(ProcessExit, TellsTheExitCode) {
  EXPECT_EQ((ProcessExit{.pid = 7, .code = 3}).ToString(), "exited with code 3");
}

TEST(ProcessExit, TellsTheSignal) {
  EXPECT_EQ((ProcessExit{.pid = 7, .was_killed = true, .code = SIGSEGV}).ToString(),
            "killed by SIGSEGV");
}

TEST(ProcessExit, TellsThatACoreWasDumped) {
  EXPECT_EQ(
      (ProcessExit{.pid = 7, .was_killed = true, .code = SIGSEGV, .dumped_core = true}).ToString(),
      "killed by SIGSEGV (core dumped)");
}

}  // namespace
}  // namespace muster::ipc
