#include "muster/process_env/signal_start.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

constexpr int kRead[] = {SIGHUP, SIGTERM, SIGCHLD};
constexpr int kIgnored[] = {SIGUSR2};

void Start() { StartSignals({kRead, kIgnored}); }

// How a child ends in which `body` runs: its exit code, or -N for signal N.
int EndOf(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void BlockAll() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

bool IsBlocked(int number) {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, number) == 1;
}

bool IsPending(int number) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, number) == 1;
}

auto HandlerOf(int number) {
  struct sigaction action = {};
  ::sigaction(number, nullptr, &action);
  return action.sa_handler;
}

TEST(SignalStart, BlocksWhatIsReadAndNothingElse) {
  EXPECT_EQ(EndOf([] {
              BlockAll();
              Start();
              return IsBlocked(SIGHUP) && IsBlocked(SIGTERM) && !IsBlocked(SIGINT) &&
                     !IsBlocked(SIGUSR1) && !IsBlocked(SIGALRM);
            }),
            0);
}

TEST(SignalStart, UndoesWhatAParentIgnored) {
  EXPECT_EQ(EndOf([] {
              for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_IGN);
              Start();
              for (int number = 1; number <= SIGRTMAX; ++number) {
                const bool is_ignored = number == SIGPIPE || number == SIGXFSZ || number == SIGUSR2;
                if (number == SIGKILL || number == SIGSTOP) continue;
                if (number > SIGSYS && number < SIGRTMIN) continue;  // the C library's
                if (HandlerOf(number) != (is_ignored ? SIG_IGN : SIG_DFL)) return false;
              }
              return true;
            }),
            0);
}

TEST(SignalStart, KeepsWhatHasComeAndIsRead) {
  EXPECT_EQ(EndOf([] {
              BlockAll();
              ::raise(SIGHUP);
              Start();
              return IsPending(SIGHUP);
            }),
            0);
}

TEST(SignalStart, DropsWhatHasComeAndIsNotRead) {
  EXPECT_EQ(EndOf([] {
              BlockAll();
              ::raise(SIGALRM);
              ::raise(SIGRTMIN);
              Start();
              return true;
            }),
            0);
}

TEST(SignalStart, LeavesAHandlerOfTheProgramAlone) {
  EXPECT_EQ(EndOf([] {
              static void (*const handler)(int) = [](int) {};
              ::signal(SIGSEGV, handler);
              Start();
              return HandlerOf(SIGSEGV) == handler;
            }),
            0);
}

TEST(SignalStart, StopsTimers) {
  EXPECT_EQ(EndOf([] {
              ::alarm(1000);
              Start();
              return ::alarm(0) == 0;
            }),
            0);
}

TEST(SignalStart, MakesTheLimitOfAFileAnErrorOfWrite) {
  EXPECT_EQ(EndOf([] {
              const rlimit nothing = {0, 0};
              ::setrlimit(RLIMIT_FSIZE, &nothing);
              Start();
              FILE* const file = ::tmpfile();
              return ::write(::fileno(file), "x", 1) < 0;
            }),
            0);
}

TEST(SignalStart, CanBeUndoneByAProgramThatDoesNotRead) {
  EXPECT_EQ(EndOf([] {
              Start();
              ::raise(SIGTERM);
              ReleaseSignals();
              return true;
            }),
            -SIGTERM);
}

}  // namespace
}  // namespace muster::process_env
