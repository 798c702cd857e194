#include "muster/master/upgrade/undo_guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "muster/master/upgrade/state_file.h"

namespace muster::master {

// There is one in programs of tests only, which fails there (testing/faulty_step.cc).
[[gnu::weak]] void OnRestoreStep(const char* step);

namespace {

std::function<void(const char*)>& StepListener() {
  static auto& listener = *new std::function<void(const char*)>();
  return listener;
}

// The deadline is a signal as well.
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGTRAP, SIGALRM};

// A text in memory of its own, cut where that ends.
class ShortText {
 public:
  void Add(const char* text) {
    while (*text != '\0' && size_ + 1 < sizeof(text_)) text_[size_++] = *text++;
    text_[size_] = '\0';
  }
  void Add(unsigned long number) {
    char digits[24];
    std::size_t at = sizeof(digits);
    digits[--at] = '\0';
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    Add(digits + at);
  }
  void Clear() { text_[size_ = 0] = '\0'; }
  char* text() { return text_; }

 private:
  char text_[4096] = {};
  std::size_t size_ = 0;
};

enum class Phase {
  kOff,  // not armed yet, or no more
  kArmed,
  kGoingBack,  // a thread executes the program before
};

struct Guard {
  std::atomic<Phase> phase = Phase::kOff;
  std::atomic<const char*> step = "starting";
  int way_back = -1;
  int state = -1;
  unsigned deadline_ms = 0;
  const std::int32_t* descriptors = nullptr;  // in the mapped file
  std::uint32_t descriptor_count = 0;
  char** arguments = nullptr;
  void* mapped = nullptr;
  std::size_t mapped_bytes = 0;
  std::size_t argument_bytes = 0;  // of the pointers
  bool has_timer = false;
  timer_t timer = {};
  ShortText reason;
  ShortText numbers;
};

// Without a constructor that runs, since it is used before all of them.
constinit Guard guard;
alignas(16) char stack_of_main[64 << 10];

const char* NameOf(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGABRT:
      return "SIGABRT";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGSYS:
      return "SIGSYS";
    case SIGTRAP:
      return "SIGTRAP";
    default:
      return "a signal";
  }
}

void Complain(const char* text) { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

// What this program has opened is closed by the exec, however it was opened.
void CloseOwnOnExec() {
  int next = STDERR_FILENO + 1;
  const auto keep = [&next](int fd) {
    if (fd < next) return;
    if (fd > next) ::syscall(SYS_close_range, next, fd - 1, CLOSE_RANGE_CLOEXEC);
    next = fd + 1;
  };
  bool is_state_kept = false;
  for (std::uint32_t i = 0; i < guard.descriptor_count; ++i) {
    if (!is_state_kept && guard.state < guard.descriptors[i]) keep(guard.state);
    is_state_kept = is_state_kept || guard.state <= guard.descriptors[i];
    keep(guard.descriptors[i]);
  }
  if (!is_state_kept) keep(guard.state);
  ::syscall(SYS_close_range, next, ~0U, CLOSE_RANGE_CLOEXEC);
}

// Calls nothing but system calls.
[[noreturn]] void GoBack() {
  CloseOwnOnExec();
  // The program that is executed unblocks what it does not read. Until then nothing may end it.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  ::syscall(SYS_execveat, guard.way_back, "", guard.arguments, ::environ, AT_EMPTY_PATH);
  ShortText text;
  text.Add("master: the program before the upgrade cannot be executed either (errno ");
  text.Add(static_cast<unsigned long>(errno));
  text.Add("), after: ");
  text.Add(guard.reason.text());
  text.Add("\n");
  Complain(text.text());
  ::_exit(1);
}

// A thread that comes second waits for the one that is executing: it ends with that. Would it go
// on, it could end the process, or take what the program before is to find.
[[noreturn]] void WaitForTheEnd() {
  for (;;) ::pause();
}

// From armed to another phase. False: it was not armed. Does not return if another thread is on its
// way back.
bool Leave(Phase next) {
  Phase phase = Phase::kArmed;
  if (guard.phase.compare_exchange_strong(phase, next)) return true;
  if (phase == Phase::kGoingBack) WaitForTheEnd();
  return false;
}

bool Take() { return Leave(Phase::kGoingBack); }

void AddStep() {
  guard.reason.Add(" while it was ");
  guard.reason.Add(guard.step.load());
}

void OnSignal(int signal, siginfo_t*, void*) {
  if (!Take()) {
    // It was disarmed since the signal came. A fault comes again, and does what it did.
    if (signal != SIGALRM) ::signal(signal, SIG_DFL);
    return;
  }
  if (signal == SIGALRM) {
    guard.reason.Add("it had not reported within ");
    guard.reason.Add(guard.deadline_ms);
    guard.reason.Add(" ms:");
  } else {
    guard.reason.Add("it got ");
    guard.reason.Add(NameOf(signal));
  }
  AddStep();
  GoBack();
}

void OnExit() {
  if (!Take()) return;
  guard.reason.Add("it called exit");
  AddStep();
  GoBack();
}

// Maps the file as a whole and finds its parts. False: it is not one of a master.
bool ReadFront(const UpgradeStart& start) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  const int seals = ::fcntl(start.state, F_GET_SEALS);
  struct stat status = {};
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(start.state, &status) != 0) return false;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < sizeof(StateFront)) return false;
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, start.state, 0);
  if (mapped == MAP_FAILED) return false;
  guard.mapped = mapped;
  guard.mapped_bytes = size;
  const auto* const bytes = static_cast<const char*>(mapped);
  StateFront front;
  std::memcpy(&front, bytes, sizeof(front));
  if (std::memcmp(front.magic, kStateMagic, sizeof(kStateMagic)) != 0) return false;
  if (front.form != kStateForm || front.way_back < 0) return false;
  const std::size_t left = size - sizeof(front);
  const std::size_t numbers = std::size_t{front.descriptors} * sizeof(std::int32_t);
  if (numbers > left || front.argument_bytes > left - numbers) return false;
  if (front.arguments == 0 || front.arguments > front.argument_bytes) return false;
  const char* const texts = bytes + sizeof(front) + numbers;
  if (texts[front.argument_bytes - 1] != '\0') return false;
  // The program's name, the three, those of its user, and the end.
  const std::size_t pointers = front.arguments + kUpgradeArguments + 1;
  void* const memory = ::mmap(nullptr, pointers * sizeof(char*), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  guard.arguments = static_cast<char**>(memory);
  guard.argument_bytes = pointers * sizeof(char*);
  const char* text = texts;
  const char* const end = texts + front.argument_bytes;
  for (std::uint32_t i = 0; i < front.arguments; ++i) {
    if (text == end) return false;
    guard.arguments[i == 0 ? 0 : i + kUpgradeArguments] = const_cast<char*>(text);
    text += std::strlen(text) + 1;
  }
  guard.way_back = front.way_back;
  guard.state = start.state;
  guard.descriptors = reinterpret_cast<const std::int32_t*>(bytes + sizeof(front));
  guard.descriptor_count = front.descriptors;
  guard.deadline_ms = front.deadline_ms;
  return true;
}

void HandleSignals() {
  stack_t stack = {};
  stack.ss_sp = stack_of_main;
  stack.ss_size = sizeof(stack_of_main);
  ::sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  sigset_t ours;
  ::sigemptyset(&ours);
  for (const int signal : kSignals) {
    ::sigaction(signal, &action, nullptr);
    ::sigaddset(&ours, signal);
  }
  ::sigprocmask(SIG_UNBLOCK, &ours, nullptr);
}

// A timer of POSIX: no exec inherits it, and nothing else in this process uses one.
void SetDeadline() {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  if (::timer_create(CLOCK_MONOTONIC, &event, &guard.timer) != 0) return;
  guard.has_timer = true;
  itimerspec in = {};
  in.it_value.tv_sec = guard.deadline_ms / 1000;
  in.it_value.tv_nsec = static_cast<long>(guard.deadline_ms % 1000) * 1000000;
  ::timer_settime(guard.timer, 0, &in, nullptr);
}

void StandApart() {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

}  // namespace

void ArmUndoGuard(const UpgradeStart& start) {
  if (start.role == UpgradeStart::Role::kTrial) return StandApart();
  if (start.role != UpgradeStart::Role::kRestore) return;
  if (start.tries + 1 >= kMostTries) {
    // If this one fails as well, nobody else tells why.
    Complain("master: the last try to go on, after: ");
    Complain(start.undone_for);
    Complain("\n");
    return;
  }
  if (!ReadFront(start)) return;
  guard.numbers.Add(static_cast<unsigned long>(start.state));
  guard.numbers.Add(":");
  guard.numbers.Add(static_cast<unsigned long>(start.tries) + 1);
  static constinit char flag[sizeof(kRestoreFlag)] = {};
  std::memcpy(flag, kRestoreFlag, sizeof(kRestoreFlag));
  guard.arguments[1] = flag;
  guard.arguments[2] = guard.numbers.text();
  guard.arguments[3] = guard.reason.text();
  if (start.tries > 0) {
    guard.reason.Add(start.undone_for);
    guard.reason.Add("; then, for the program before, try ");
    guard.reason.Add(static_cast<unsigned long>(start.tries));
    guard.reason.Add(": ");
  }
  HandleSignals();
  SetDeadline();
  guard.phase = Phase::kArmed;
  std::atexit(OnExit);
  std::at_quick_exit(OnExit);
}

bool IsUndoGuardArmed() { return guard.phase == Phase::kArmed; }

void TellRestoreSteps(std::function<void(const char*)> tell) { StepListener() = std::move(tell); }

void NoteRestoreStep(const char* step) {
  guard.step = step;
  if (StepListener() != nullptr) StepListener()(step);
  if (OnRestoreStep != nullptr) OnRestoreStep(step);
}

void Undo(const std::string& reason) {
  if (!Take()) {
    Complain("master: ");
    Complain(reason.c_str());
    Complain("\n");
    ::_exit(1);
  }
  guard.reason.Add(reason.c_str());
  GoBack();
}

void DisarmUndoGuard() {
  if (!Leave(Phase::kOff)) return;
  // Also one that is pending, which would end the process.
  ::signal(SIGALRM, SIG_IGN);
  if (guard.has_timer) ::timer_delete(guard.timer);
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
  // As large as the whole state.
  ::munmap(guard.mapped, guard.mapped_bytes);
  ::munmap(guard.arguments, guard.argument_bytes);
}

}  // namespace muster::master
