#include "muster/process_env/crash_report.h"

#include <execinfo.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "absl/debugging/failure_signal_handler.h"
#include "absl/debugging/stacktrace.h"
#include "absl/debugging/symbolize.h"

namespace muster::process_env {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
// Abseil's handler comes with others, which are not crashes, or a debugger's.
constexpr int kOthersOfAbseil[] = {SIGTERM, SIGTRAP};
constexpr std::size_t kMostHeadBytes = 128;
constexpr int kMostFrames = 64;
#ifdef MUSTER_SANITIZER
constexpr bool kHasSanitizer = true;
#else
constexpr bool kHasSanitizer = false;
#endif

// What the handler uses. It cannot be given an object.
struct Reporter {
  pid_t pid = 0;
  char head[kMostHeadBytes] = {};
  struct sigaction of_abseil[NSIG] = {};
};
Reporter reporter;
// The first signal. 0: none.
std::atomic<int> crash{0};
// The thread that writes the report. 0: none has begun.
std::atomic<pid_t> reporting{0};

// Null: it is not known on this machine.
void* ProgramCounterIn([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  const auto* const state = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<void*>(state->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  const auto* const state = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<void*>(state->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

// Abseil's own goes by frame pointers, which optimised programs do not have.
int Unwind(void** callers, int* sizes, int depth, int skipped, const void* context, int* dropped) {
  void* frames[kMostFrames];
  void** const end = frames + ::backtrace(frames, kMostFrames);
  void** first = std::min(end, frames + 1 + skipped);
  if (context != nullptr) {
    // Those before are the handler's. The program counter itself is printed apart.
    void** const crashed = std::find(frames, end, ProgramCounterIn(context));
    if (crashed != end) first = crashed + 1;
  }
  const int count = static_cast<int>(std::min<std::ptrdiff_t>(end - first, depth));
  std::copy(first, first + count, callers);
  if (sizes != nullptr) std::fill(sizes, sizes + count, 0);
  if (dropped != nullptr) *dropped = static_cast<int>(end - first) - count;
  return count;
}

// Abseil's handler restores the action only when it is done.
void EndBy(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal);
}

// The report has not come to its end. Relaxed: nothing else is read.
void OnAlarm(int) { EndBy(crash.load(std::memory_order_relaxed)); }

// Whatever this process did with its alarm, it does no more.
void SetAlarm() {
  struct sigaction action = {};
  action.sa_handler = OnAlarm;
  action.sa_flags = SA_ONSTACK;
  ::sigaction(SIGALRM, &action, nullptr);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::alarm(kCrashReportSeconds);
}

void OnCrash(int signal, siginfo_t* info, void* context) {
  if (::getpid() != reporter.pid) return EndBy(signal);
  int first = 0;
  // Relaxed: it decides who is the first, and says nothing of other memory.
  if (crash.compare_exchange_strong(first, signal, std::memory_order_relaxed)) {
    reporting.store(::gettid(), std::memory_order_relaxed);
    SetAlarm();
    (void)!::write(STDERR_FILENO, reporter.head, std::strlen(reporter.head));
    absl::SetStackUnwinder(Unwind);
  } else if (reporting.load(std::memory_order_relaxed) == ::gettid()) {
    // The report itself has crashed, as in a stack that is destroyed.
    return EndBy(first);
  }
  reporter.of_abseil[signal].sa_sigaction(signal, info, context);
}

void TakeSignals() {
  struct sigaction before[std::size(kOthersOfAbseil)];
  for (std::size_t i = 0; i < std::size(kOthersOfAbseil); ++i) {
    ::sigaction(kOthersOfAbseil[i], nullptr, &before[i]);
  }
  absl::FailureSignalHandlerOptions options;
  options.use_alternate_stack = true;
  // It would end the process by SIGABRT.
  options.alarm_on_failure_secs = 0;
  absl::InstallFailureSignalHandler(options);
  for (std::size_t i = 0; i < std::size(kOthersOfAbseil); ++i) {
    ::sigaction(kOthersOfAbseil[i], &before[i], nullptr);
  }
  for (const int signal : kSignals) {
    struct sigaction& abseil = reporter.of_abseil[signal];
    ::sigaction(signal, nullptr, &abseil);
    struct sigaction action = abseil;
    action.sa_sigaction = OnCrash;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void ReportCrashes(const std::string& who) {
  if (kHasSanitizer) return;
  std::snprintf(reporter.head, sizeof(reporter.head), "%.80s crashed; its stack:\n", who.c_str());
  const bool is_first = reporter.pid == 0;
  reporter.pid = ::getpid();
  if (!is_first) return;
  absl::InitializeSymbolizer(nullptr);
  // The first call loads a library.
  void* frame = nullptr;
  (void)::backtrace(&frame, 1);
  TakeSignals();
}

}  // namespace muster::process_env
