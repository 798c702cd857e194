#include "muster/process_env/controlling_terminal.h"

#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

int ExitCodeOf(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ControllingTerminal, IsOfASessionThatATerminalLeads) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(HasControllingTerminal() ? 1 : 0);
  EXPECT_EQ(ExitCodeOf(child), 1);
  ::close(terminal);
}

TEST(ControllingTerminal, IsNotOfANewSession) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(::setsid() > 0 && !HasControllingTerminal() ? 0 : 1);
  EXPECT_EQ(ExitCodeOf(child), 0);
}

}  // namespace
}  // namespace muster::process_env
