#include "ipc/testing/victim.h"

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "ipc/check.h"
#include "ipc/retry.h"
#include "ipc/status.h"
#include "ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

// si_code of the trap that int3 is; a single step's is TRAP_TRACE.
constexpr int kSoftwareBreakpoint = 0x80;
// As PTRACE_O_TRACESYSGOOD marks it.
constexpr int kSystemCallStop = SIGTRAP | 0x80;

Actor::Body Traced(const Actor::Body& body) {
  return [body](Part& part) {
    MUSTER_CHECK(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0, "PTRACE_TRACEME");
    body(part);
  };
}

}  // namespace

absl::Status CheckStepping() {
#if !defined(__x86_64__)
  return absl::UnimplementedError("the kill sweep steps x86-64 only");
#else
  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus("fork");
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(errno);
    SectionMark();
    ::_exit(0);
  }
  int status = 0;
  RetryOnEintr([&] { return ::waitpid(pid, &status, 0); });
  if (WIFEXITED(status)) return ErrnoStatus("ptrace of a child", WEXITSTATUS(status));
  if (!WIFSTOPPED(status)) return absl::UnavailableError("ptrace: a traced child did not stop");
  ::kill(pid, SIGKILL);
  RetryOnEintr([&] { return ::waitpid(pid, &status, 0); });
  return absl::OkStatus();
#endif
}

#if defined(__x86_64__)

Victim::Victim(ActorPage* page, const Body& body) : Actor(page, Traced(body)) {
  int status = 0;
  RetryOnEintr([&] { return ::waitpid(pid(), &status, 0); });
  MUSTER_CHECK(WIFSTOPPED(status) && Classify(status) == Stop::kEnded,
               "the victim did not reach its section");
  ended_ = false;
  MUSTER_CHECK(
      ::ptrace(PTRACE_SETOPTIONS, pid(), nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) == 0,
      "PTRACE_SETOPTIONS");
}

Actor::State Victim::state() const {
  const State state = Actor::state();
  return state == State::kRunning ? State::kParked : state;
}

bool Victim::AtSystemCall() const {
  const long rip = ::ptrace(PTRACE_PEEKUSER, pid(), offsetof(user_regs_struct, rip), nullptr);
  const long code = ::ptrace(PTRACE_PEEKTEXT, pid(), rip, nullptr);
  return (code & 0xffff) == 0x050f;  // syscall
}

Victim::Stop Victim::Classify(int status) {
  if (WIFSTOPPED(status) && WSTOPSIG(status) == kSystemCallStop) return Stop::kStepped;
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) return Stop::kCrashed;
  siginfo_t info;
  if (::ptrace(PTRACE_GETSIGINFO, pid(), nullptr, &info) != 0) return Stop::kCrashed;
  ended_ = info.si_code == kSoftwareBreakpoint;
  return ended_ ? Stop::kEnded : Stop::kStepped;
}

Victim::Stop Victim::Step() {
  if (ended_) return Stop::kEnded;
  if (in_system_call_) return AwaitSystemCall();
  in_system_call_ = AtSystemCall();
  if (::ptrace(PTRACE_SINGLESTEP, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
  if (in_system_call_) return AwaitSystemCall();
  int status = 0;
  RetryOnEintr([&] { return ::waitpid(pid(), &status, 0); });
  return Classify(status);
}

Victim::Stop Victim::RunUntilBlocked() {
  for (;;) {
    int status = 0;
    // To the entry of the next system call, or to the mark.
    if (::ptrace(PTRACE_SYSCALL, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
    RetryOnEintr([&] { return ::waitpid(pid(), &status, 0); });
    if (const Stop stop = Classify(status); stop != Stop::kStepped) return stop;
    // And through it.
    if (::ptrace(PTRACE_SYSCALL, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
    in_system_call_ = true;
    if (const Stop stop = AwaitSystemCall(); stop != Stop::kStepped) return stop;
  }
}

Victim::Stop Victim::AwaitSystemCall() {
  int status = 0;
  const auto returned = [&] {
    return RetryOnEintr([&] { return ::waitpid(pid(), &status, WNOHANG); }) == pid();
  };
  for (;;) {
    // A stop after the call looks like a sleep in it, so the last word is waitpid's.
    const bool blocked = Actor::state() == State::kBlocked;
    if (returned()) {
      in_system_call_ = false;
      return Classify(status);
    }
    if (blocked) return Stop::kBlocked;
    ::sched_yield();
  }
}

#else

Actor::State Victim::state() const { return Actor::state(); }
Victim::Victim(ActorPage* page, const Body& body) : Actor(page, Traced(body)) {}
Victim::Stop Victim::Step() { return Stop::kCrashed; }
Victim::Stop Victim::RunUntilBlocked() { return Stop::kCrashed; }

#endif

}  // namespace muster::ipc::testing
