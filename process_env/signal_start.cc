#include "muster/process_env/signal_start.h"

#include <signal.h>
#include <sys/time.h>

#include <algorithm>

namespace muster::process_env {
namespace {

bool Contains(absl::Span<const int> numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

bool IsIgnored(int number) {
  struct sigaction action = {};
  return ::sigaction(number, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_IGN;
}

void SetDisposition(int number, void (*disposition)(int)) {
  struct sigaction action = {};
  action.sa_handler = disposition;
  // Fails for KILL, STOP and what the C library keeps for itself.
  ::sigaction(number, &action, nullptr);
}

// A handler is this program's own, of a sanitizer for example: none comes through an exec.
void RestoreDefault(int number, bool is_pending) {
  // Ignoring a signal drops it.
  if (is_pending) SetDisposition(number, SIG_IGN);
  if (IsIgnored(number)) SetDisposition(number, SIG_DFL);
}

}  // namespace

void StartSignals(const SignalUse& use) {
  sigset_t mask;
  ::sigfillset(&mask);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  const itimerval never = {};
  for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    ::setitimer(timer, &never, nullptr);
  }
  sigset_t pending;
  ::sigemptyset(&pending);
  ::sigpending(&pending);
  ::sigemptyset(&mask);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (number == SIGPIPE || number == SIGXFSZ || Contains(use.ignored, number)) {
      SetDisposition(number, SIG_IGN);
    } else if (Contains(use.read, number)) {
      ::sigaddset(&mask, number);
      if (IsIgnored(number)) SetDisposition(number, SIG_DFL);
    } else {
      RestoreDefault(number, ::sigismember(&pending, number) == 1);
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

void ReleaseSignals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace muster::process_env
