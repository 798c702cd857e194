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
[[maybe_unused]] constexpr int kSoftwareBreakpoint = 0x80;
// As PTRACE_O_TRACESYSGOOD marks it.
[[maybe_unused]] constexpr int kSystemCallStop = SIGTRAP | 0x80;
// The two bytes of the instruction, in the order of memory.
[[maybe_unused]] constexpr long kSyscallCode = 0x050f;

[[maybe_unused]] Actor::Body Traced(const Actor::Body& body) {
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

std::uintptr_t Victim::address() const {
  return static_cast<std::uintptr_t>(
      ::ptrace(PTRACE_PEEKUSER, pid(), offsetof(user_regs_struct, rip), nullptr));
}

bool Victim::is_at_system_call() const {
  return (::ptrace(PTRACE_PEEKTEXT, pid(), address(), nullptr) & 0xffff) == kSyscallCode;
}

Victim::Stop Victim::Classify(int status) {
  if (WIFSTOPPED(status) && WSTOPSIG(status) == kSystemCallStop) return Stop::kStepped;
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) return Stop::kCrashed;
  siginfo_t info;
  if (::ptrace(PTRACE_GETSIGINFO, pid(), nullptr, &info) != 0) return Stop::kCrashed;
  if (info.si_code != kSoftwareBreakpoint) return Stop::kStepped;
  // The processor stands behind the breakpoint.
  if (breakpoint_ != 0 && address() == breakpoint_ + 1) {
    ::ptrace(PTRACE_POKEUSER, pid(), offsetof(user_regs_struct, rip), breakpoint_);
    return Stop::kStepped;
  }
  ended_ = true;
  return Stop::kEnded;
}

Victim::Stop Victim::Step() {
  if (ended_) return Stop::kEnded;
  if (!in_system_call_) {
    in_system_call_ = is_at_system_call();
    if (::ptrace(PTRACE_SINGLESTEP, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
    if (!in_system_call_) {
      int status = 0;
      RetryOnEintr([&] { return ::waitpid(pid(), &status, 0); });
      return Classify(status);
    }
  }
  return AwaitStop();
}

Victim::Stop Victim::RunTo(std::uintptr_t address) {
  if (ended_) return Stop::kEnded;
  if (this->address() == address) {
    if (const Stop stop = Step(); stop != Stop::kStepped) return stop;
    if (this->address() == address) return Stop::kStepped;
  }
  SetBreakpoint(address);
  if (::ptrace(PTRACE_CONT, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
  return AwaitStop();
}

void Victim::SetBreakpoint(std::uintptr_t address) {
  constexpr long kInt3 = 0xcc;
  breakpoint_ = address;
  displaced_code_ = ::ptrace(PTRACE_PEEKTEXT, pid(), address, nullptr);
  ::ptrace(PTRACE_POKETEXT, pid(), address, (displaced_code_ & ~0xffL) | kInt3);
}

void Victim::ClearBreakpoint() {
  if (breakpoint_ == 0) return;
  ::ptrace(PTRACE_POKETEXT, pid(), breakpoint_, displaced_code_);
  breakpoint_ = 0;
}

Victim::Stop Victim::RunUntilBlocked() {
  if (ended_) return Stop::kEnded;
  for (;;) {
    int status = 0;
    // To the entry of the next system call, or to the mark.
    if (::ptrace(PTRACE_SYSCALL, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
    RetryOnEintr([&] { return ::waitpid(pid(), &status, 0); });
    if (const Stop stop = Classify(status); stop != Stop::kStepped) return stop;
    // And through it.
    if (::ptrace(PTRACE_SYSCALL, pid(), nullptr, nullptr) != 0) return Stop::kCrashed;
    in_system_call_ = true;
    if (const Stop stop = AwaitStop(); stop != Stop::kStepped) return stop;
  }
}

Victim::Stop Victim::AwaitStop() {
  int status = 0;
  const auto stopped = [&] {
    return RetryOnEintr([&] { return ::waitpid(pid(), &status, WNOHANG); }) == pid();
  };
  for (;;) {
    // A stop after a call looks like a sleep in it, so the last word is waitpid's.
    const bool blocked = Actor::state() == State::kBlocked;
    if (stopped()) {
      in_system_call_ = false;
      const Stop stop = Classify(status);
      ClearBreakpoint();
      return stop;
    }
    if (blocked) {
      in_system_call_ = true;
      return Stop::kBlocked;
    }
    ::sched_yield();
  }
}

#else

Actor::State Victim::state() const { return Actor::state(); }
Victim::Victim(ActorPage* page, const Body& body) : Actor(page, Traced(body)) {}
Victim::Stop Victim::Step() { return Stop::kCrashed; }
Victim::Stop Victim::RunTo(std::uintptr_t) { return Stop::kCrashed; }
Victim::Stop Victim::RunUntilBlocked() { return Stop::kCrashed; }
std::uintptr_t Victim::address() const { return 0; }
bool Victim::is_at_system_call() const { return false; }

#endif

}  // namespace muster::ipc::testing
