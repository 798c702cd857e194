#include "muster/ipc/testing/victim.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unordered_map>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/testing/section.h"

namespace muster::ipc::testing {
namespace {

// si_code of the trap that int3 is; a single step's is TRAP_TRACE.
[[maybe_unused]] constexpr int kSoftwareBreakpoint = 0x80;
// As PTRACE_O_TRACESYSGOOD marks it.
[[maybe_unused]] constexpr int kSystemCallStop = SIGTRAP | 0x80;
// The two bytes of the instruction, in the order of memory.
[[maybe_unused]] constexpr long kSyscallCode = 0x050f;
[[maybe_unused]] constexpr long kInt3 = 0xcc;
// As the stop of a fork is shown in a status.
[[maybe_unused]] constexpr int kForkStop = SIGTRAP | PTRACE_EVENT_FORK << 8;

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

namespace {

// Whether the child stands still, and how; 0 with WNOHANG in `options`: it does not. Whoever has
// ended stays a zombie, so that nobody else gets its pid.
int AwaitChild(pid_t pid, int options, int* status) {
  siginfo_t info = {};
  RetryOnEintr([&] {
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WSTOPPED | WNOWAIT | options);
  });
  if (info.si_pid == 0) return 0;
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) {
    *status = 0;
    return pid;
  }
  return RetryOnEintr([&] { return ::waitpid(pid, status, 0); });
}

struct AddressRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  bool Contains(std::uintptr_t address) const { return begin <= address && address < end; }
};

// The first two bytes of the instruction at `address`, which is the same in each child: all have
// the harness's program, and none writes its code. Whoever has set a breakpoint there does not ask.
long CodeAt(pid_t pid, std::uintptr_t address) {
  static std::unordered_map<std::uintptr_t, long> known;
  const auto [code, is_new] = known.try_emplace(address);
  if (is_new) code->second = ::ptrace(PTRACE_PEEKTEXT, pid, address, nullptr) & 0xffff;
  return code->second;
}

// The vDSO, at the same place in the children. Empty where there is none.
const AddressRange& KernelsFunctions() {
  static const AddressRange kRange = [] {
    AddressRange range;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find("[vdso]") == std::string::npos) continue;
      char* rest;
      range.begin = std::strtoull(line.c_str(), &rest, 16);
      range.end = std::strtoull(rest + 1, nullptr, 16);
    }
    return range;
  }();
  return kRange;
}

}  // namespace

Victim::Victim(ActorPage* page, const Body& body) : Actor(page, Traced(body)) {
  int status = 0;
  Patience patience;
  while (AwaitChild(pid(), WNOHANG, &status) == 0) {
    if (GiveUp(patience, Actor::state() == State::kBlocked)) return;
    patience.Nap();
  }
  if (!WIFSTOPPED(status) || Classify(status) != Stop::kEnded) {
    Kill();
    return;
  }
  has_started_ = true;
  ended_ = false;
  MUSTER_CHECK(::ptrace(PTRACE_SETOPTIONS, pid(), nullptr,
                        PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK) == 0,
               "PTRACE_SETOPTIONS");
}

// The kernel lets this process trace it, with the same options, and has stopped it.
Victim::Victim(ActorPage* page, pid_t forked)
    : Actor(page, forked), is_forked_(true), has_started_(true) {}

void Victim::Release() {
  is_released_ = true;
  address_ = 0;
  // The harness waits for its own children, traced or not; and who is traced stops at each signal,
  // as that of its child's death.
  ::ptrace(is_forked_ ? PTRACE_CONT : PTRACE_DETACH, pid(), nullptr, nullptr);
}

bool Victim::GiveUp(Patience& patience, bool is_still) {
  const auto verdict = patience.Note(Patience::Clock::now(), {{is_still, CpuTime()}});
  if (verdict == Patience::Verdict::kWaitOn) return false;
  Kill();
  return true;
}

Actor::State Victim::state() const {
  const State state = Actor::state();
  if (!is_released_) return state == State::kRunning ? State::kParked : state;
  // Of those that are traced who stops has crashed.
  return state == State::kRunning && is_forked_ && scheduling() == 't' ? State::kDead : state;
}

std::uintptr_t Victim::address() const {
  if (address_ == 0) {
    address_ = static_cast<std::uintptr_t>(
        ::ptrace(PTRACE_PEEKUSER, pid(), offsetof(user_regs_struct, rip), nullptr));
  }
  return address_;
}

bool Victim::Resume(int request) {
  address_ = 0;
  request_ = request;
  return ::ptrace(static_cast<__ptrace_request>(request), pid(), nullptr, nullptr) == 0;
}

bool Victim::is_at_call_of_kernel() const {
  return KernelsFunctions().Contains(address()) || is_at_system_call();
}

bool Victim::is_at_system_call() const { return CodeAt(pid(), address()) == kSyscallCode; }

Victim::Stop Victim::Classify(int status) {
  if (WIFSTOPPED(status) && WSTOPSIG(status) == kSystemCallStop) return Stop::kStepped;
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) return Stop::kCrashed;
  siginfo_t info;
  if (::ptrace(PTRACE_GETSIGINFO, pid(), nullptr, &info) != 0) return Stop::kCrashed;
  if (info.si_code != kSoftwareBreakpoint) return Stop::kStepped;
  // The processor stands behind the breakpoint.
  if (breakpoint_ != 0 && address() == breakpoint_ + 1) {
    ::ptrace(PTRACE_POKEUSER, pid(), offsetof(user_regs_struct, rip), breakpoint_);
    address_ = breakpoint_;
    return Stop::kStepped;
  }
  ended_ = true;
  return Stop::kEnded;
}

void Victim::ReplaceDeadline(const user_regs_struct& registers, unsigned long long call,
                             const timespec* deadline) {
  const auto operation = static_cast<int>(registers.rsi) & FUTEX_CMD_MASK;
  if (call != SYS_futex || (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET)) return;
  if (registers.r10 == 0) return;
  displaced_deadline_ = registers.r10;
  awaited_word_ = registers.rdi;
  ::ptrace(PTRACE_POKEUSER, pid(), offsetof(user_regs_struct, r10), deadline);
  deadline_passes_ = deadline != nullptr;
  a_deadline_passed_ = a_deadline_passed_ || deadline_passes_;
}

// The caller may rely on it that the kernel has left the register alone.
void Victim::RestoreDeadline() {
  if (displaced_deadline_ == 0) return;
  ::ptrace(PTRACE_POKEUSER, pid(), offsetof(user_regs_struct, r10), displaced_deadline_);
  displaced_deadline_ = 0;
  deadline_passes_ = false;
}

void Victim::TellOfFork() {
  unsigned long message = 0;
  ::ptrace(PTRACE_GETEVENTMSG, pid(), nullptr, &message);
  const auto child = static_cast<pid_t>(message);
  int status = 0;
  AwaitChild(child, 0, &status);
  // It has a copy of the code.
  if (breakpoint_ != 0) ::ptrace(PTRACE_POKETEXT, child, breakpoint_, displaced_code_);
  MUSTER_CHECK(on_fork_ != nullptr, "nobody expects the victim to fork");
  on_fork_(child);
}

bool Victim::LetTimePass() const {
  if (displaced_deadline_ == 0 || deadline_passes_) return false;
  // The harness has the same memory at the same address. A wait that ends without reason is
  // followed by the same look as one whose deadline has passed.
  ::syscall(SYS_futex, awaited_word_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  return true;
}

Victim::Stop Victim::RunToFork() {
  if (ended_) return Stop::kEnded;
  stops_at_fork_ = true;
  if (!Resume(PTRACE_CONT)) return Stop::kCrashed;
  Patience patience;
  const Stop stop = AwaitStop(patience);
  stops_at_fork_ = false;
  return stop;
}

Victim::Stop Victim::Step() {
  if (ended_) return Stop::kEnded;
  if (!in_system_call_ && KernelsFunctions().Contains(address())) {
    // It has just been called: the return address is on top of the stack.
    return RunTo(static_cast<std::uintptr_t>(::ptrace(
        PTRACE_PEEKDATA, pid(),
        ::ptrace(PTRACE_PEEKUSER, pid(), offsetof(user_regs_struct, rsp), nullptr), nullptr)));
  }
  if (!in_system_call_) {
    in_system_call_ = is_at_system_call();
    if (in_system_call_) {
      user_regs_struct registers;
      if (::ptrace(PTRACE_GETREGS, pid(), nullptr, &registers) != 0) return Stop::kCrashed;
      ReplaceDeadline(registers, registers.rax, a_deadline_passed_ ? nullptr : &page()->past);
    }
    const bool is_at_mark = (CodeAt(pid(), address()) & 0xff) == kInt3;
    if (!Resume(PTRACE_SINGLESTEP)) return Stop::kCrashed;
    if (!in_system_call_) {
      int status = 0;
      AwaitChild(pid(), 0, &status);
      // Most steps: nothing else ends them with this signal.
      if (!is_at_mark && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) return Stop::kStepped;
      return Classify(status);
    }
  }
  Patience patience;
  return AwaitStop(patience);
}

Victim::Stop Victim::RunTo(std::uintptr_t address) {
  if (ended_) return Stop::kEnded;
  if (this->address() == address) {
    if (const Stop stop = Step(); stop != Stop::kStepped) return stop;
    if (this->address() == address) return Stop::kStepped;
  }
  SetBreakpoint(address);
  if (!Resume(PTRACE_CONT)) return Stop::kCrashed;
  Patience patience;
  return AwaitStop(patience);
}

void Victim::SetBreakpoint(std::uintptr_t address) {
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
  Patience patience;
  while (!GiveUp(patience)) {
    // To the entry of the next system call, or to the mark.
    if (!Resume(PTRACE_SYSCALL)) return Stop::kCrashed;
    if (const Stop stop = AwaitStop(patience); stop != Stop::kStepped) return stop;
    user_regs_struct registers;
    if (::ptrace(PTRACE_GETREGS, pid(), nullptr, &registers) != 0) return Stop::kCrashed;
    ReplaceDeadline(registers, registers.orig_rax, nullptr);
    // And through it.
    if (!Resume(PTRACE_SYSCALL)) return Stop::kCrashed;
    in_system_call_ = true;
    if (const Stop stop = AwaitStop(patience); stop != Stop::kStepped) return stop;
  }
  return Stop::kLost;
}

Victim::Stop Victim::AwaitStop(Patience& patience) {
  for (;;) {
    // A stop after a call looks like a sleep in it, so the last word is the kernel's. With a
    // deadline that has passed it may sleep for a moment, which is not a point to die at.
    const bool is_blocked = !deadline_passes_ && Actor::state() == State::kBlocked;
    int status = 0;
    if (AwaitChild(pid(), WNOHANG, &status) != 0) {
      if (WIFSTOPPED(status) && status >> 8 == kForkStop) {
        TellOfFork();
        if (stops_at_fork_) return Stop::kStepped;
        if (!Resume(request_)) return Stop::kCrashed;
        continue;
      }
      in_system_call_ = false;
      const Stop stop = Classify(status);
      ClearBreakpoint();
      RestoreDeadline();
      return stop;
    }
    if (is_blocked) {
      in_system_call_ = true;
      return Stop::kBlocked;
    }
    if (GiveUp(patience)) return Stop::kLost;
    patience.Nap();
  }
}

#else

Actor::State Victim::state() const { return Actor::state(); }
Victim::Victim(ActorPage* page, const Body& body) : Actor(page, Traced(body)) {}
Victim::Stop Victim::Step() { return Stop::kCrashed; }
Victim::Stop Victim::RunTo(std::uintptr_t) { return Stop::kCrashed; }
Victim::Stop Victim::RunUntilBlocked() { return Stop::kCrashed; }
Victim::Stop Victim::RunToFork() { return Stop::kCrashed; }
Victim::Victim(ActorPage* page, pid_t forked) : Actor(page, forked) {}
void Victim::Release() {}
bool Victim::LetTimePass() const { return false; }
std::uintptr_t Victim::address() const { return 0; }
bool Victim::is_at_call_of_kernel() const { return false; }

#endif

}  // namespace muster::ipc::testing
