// A program that is executed in the place of another, which is this one as well.
//   undo_probe OUTPUT WHAT  saves a state, starts a child, and becomes the next program
// The next program does WHAT. The one that comes back looks whether all is as it was, and writes a
// line to the file OUTPUT.

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/upgrade/exec_in_place.h"
#include "muster/master/upgrade/program_file.h"
#include "muster/master/upgrade/state_file.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/upgrade/upgrade_start.h"
#include "muster/process_env/preparation.h"

namespace {

using namespace muster::master;  // NOLINT(google-build-using-namespace): a probe of one file

constexpr int kRead[] = {SIGTERM, SIGHUP, SIGCHLD};

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "undo_probe: %s\n", why.c_str());
  ::_exit(7);
}

void Arm(int argc, char** argv, char**) {
  ArmUndoGuard(ReadUpgradeStart(argc, argv));
  (void)muster::process_env::PrepareProcess({kRead, {}});
}
[[gnu::used, gnu::section(".preinit_array")]] void (*const arm)(int, char**, char**) = Arm;

std::string OpenDescriptors() {
  std::string open{};
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) absl::StrAppend(&open, fd, " ");
  }
  return open;
}

// The state: the child's pid, the descriptor of a lock's file, and what was open.
struct State {
  pid_t pid = 0;
  pid_t child = 0;
  int kept = 0;
  std::string open{};
};

std::string Write(const State& state) {
  return absl::StrCat(state.pid, ",", state.child, ",", state.kept, ",", state.open);
}

State Read(int fd) {
  const auto text = ReadStateFile(fd);
  if (!text.ok()) Fail(std::string(text.status().message()));
  const std::vector<std::string> parts = absl::StrSplit(*text, ',');
  return {std::stoi(parts[0]), std::stoi(parts[1]), std::stoi(parts[2]), parts[3]};
}

[[noreturn]] void Overflow() {
  // Not a call in the tail, and not of a depth that a compiler could know.
  volatile char page[4096];
  page[0] = 1;
  if (page[0] == 1) Overflow();
  ::_exit(page[0]);
}

void* OverflowInThread(void*) { Overflow(); }
// No null pointer, which a sanitizer would look for before the processor does.
void Fault() {
  volatile std::uintptr_t nowhere = sizeof(int);
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}
void* FaultInThread(void*) {
  Fault();
  return nullptr;
}

void StartThread(void* (*main)(void*)) {
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, main, nullptr) != 0) Fail("pthread_create");
  ::pthread_join(thread, nullptr);
}

struct ExitingThing {
  ~ExitingThing() {
    // Destructors of static objects may do what they like, except closing what the state has.
    std::fflush(nullptr);
  }
};

void Do(const std::string& what) {
  static ExitingThing thing;
  NoteRestoreStep("doing as it was told");
  if (what == "refuse") Undo("it refuses, for a test");
  if (what == "exit") std::exit(0);
  if (what == "return") return;
  if (what == "abort") std::abort();
  if (what == "segv") Fault();
  if (what == "bus") ::raise(SIGBUS);
  if (what == "ill") __builtin_trap();
  if (what == "fpe") ::raise(SIGFPE);
  if (what == "sys") ::raise(SIGSYS);
  if (what == "trap") ::raise(SIGTRAP);
  if (what == "throw") throw 1;
  if (what == "thread-segv") StartThread(FaultInThread);
  if (what == "overflow") Overflow();
  if (what == "thread-overflow") StartThread(OverflowInThread);
  if (what == "hang") {
    for (;;) ::pause();
  }
  if (what == "hang-in-thread") {
    std::thread([] {
      for (;;) ::pause();
    }).join();
  }
  // Two at once: only one may come back.
  if (what == "threads-segv") {
    std::thread others[4];
    for (auto& other : others) other = std::thread([] { FaultInThread(nullptr); });
    for (auto& other : others) other.join();
  }
}

// Checks what the program before finds.
std::string LookAround(const State& state, const UpgradeStart& start) {
  std::string wrong;
  const auto expect = [&](bool is_so, const std::string& what) {
    if (!is_so) absl::StrAppend(&wrong, what, "; ");
  };
  expect(::getpid() == state.pid, "another pid");
  sigset_t pending;
  ::sigpending(&pending);
  expect(::sigismember(&pending, SIGTERM) == 1, "SIGTERM is lost");
  expect(::sigismember(&pending, SIGALRM) == 0, "SIGALRM is left");
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  expect(::sigismember(&mask, SIGSEGV) == 0 && ::sigismember(&mask, SIGHUP) == 1,
         "another signal mask");
  struct sigaction action = {};
  ::sigaction(SIGSEGV, nullptr, &action);
  expect(start.tries + 1 >= kMostTries || (action.sa_flags & SA_ONSTACK) != 0, "no guard again");
  // The state, the program and what was kept are open, and nothing of the next program.
  expect(OpenDescriptors() == state.open,
         absl::StrCat("open are ", OpenDescriptors(), " and not ", state.open));
  ::kill(state.child, SIGKILL);
  int status = 0;
  expect(::waitpid(state.child, &status, 0) == state.child && WIFSIGNALED(status),
         "the child cannot be waited for");
  return wrong;
}

void Report(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string text = line + "\n";
  if (fd < 0 || ::write(fd, text.data(), text.size()) < 0) Fail("write " + path);
}

pid_t StartChild() {
  pid_t pid = -1;
  const char* const arguments[] = {"sleep", "1000", nullptr};
  if (::posix_spawnp(&pid, "sleep", nullptr, nullptr, const_cast<char**>(arguments), ::environ) !=
      0) {
    Fail("start sleep");
  }
  return pid;
}

[[noreturn]] void BecomeNext(const std::string& output, const std::string& what) {
  const auto own = ProgramFile::OpenOwn("undo_probe");
  if (!own.ok()) Fail(std::string(own.status().message()));
  DescriptorKeep keep;
  State state = {.pid = ::getpid(), .child = StartChild()};
  state.kept = keep.Add(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  keep.Add(own->fd());
  // Of the process, as from a service manager. Blocked, so it is pending from here on.
  ::kill(::getpid(), SIGTERM);
  // The number that the file of the state will have.
  const int next = ::dup(0);
  ::close(next);
  keep.Add(next);
  for (int fd = 0; fd <= 2; ++fd) absl::StrAppend(&state.open, fd, " ");
  for (const int fd : keep.numbers()) absl::StrAppend(&state.open, fd, " ");
  const auto file = WriteStateFile(
      {.program = own->fd(),
       .arguments = {"undo_probe", output, what},
       .deadline = std::chrono::milliseconds(what.rfind("hang", 0) == 0 ? 300 : 60000),
       .descriptors = keep.numbers()},
      Write(state));
  if (!file.ok() || file->get() != next) Fail("the state's descriptor is another one");
  const absl::Status status =
      ExecInPlace(*own, RestoreArguments("undo_probe", next, 0, "", {output, what}), keep);
  Fail(std::string(status.message()));
}

}  // namespace

int main(int argc, char** argv) {
  const UpgradeStart start = ReadUpgradeStart(argc, argv);
  if (start.role == UpgradeStart::Role::kNone) {
    if (argc != 3) Fail("OUTPUT WHAT");
    BecomeNext(argv[1], argv[2]);
  }
  if (start.role != UpgradeStart::Role::kRestore) Fail("an unfit start");
  const std::string output = argv[1 + kUpgradeArguments];
  const std::string what = argv[2 + kUpgradeArguments];
  if (start.tries == 0) {
    // It opens things, as a program does, and not all as it should.
    ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::open("/dev/null", O_RDONLY);
    if (what == "works") {
      DisarmUndoGuard();
      Report(output, "works");
      return 0;
    }
    if (what == "crashes-later") {
      DisarmUndoGuard();
      std::abort();
    }
    if (what == "fails-always") std::abort();
    Do(what);
    return 0;
  }
  if (what == "fails-always") {
    Report(output, absl::StrCat("try ", start.tries));
    std::abort();
  }
  const State state = Read(start.state);
  const std::string wrong = LookAround(state, start);
  DisarmUndoGuard();
  Report(output,
         absl::StrCat("undone: ", start.undone_for, wrong.empty() ? "" : "; WRONG: ", wrong));
  return 0;
}
