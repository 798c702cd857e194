#include "muster/ipc/testing/actor.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"

namespace muster::ipc::testing {
namespace {

// Long enough to cost nothing, short enough to notice that an actor fell asleep.
constexpr timespec kNap = {0, 100'000};

// Not ipc/lock/internal/futex.h: a fault there must not be one of the harness too.
void Sleep(const std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* time) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, time, nullptr, 0);
}
void Wake(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

int OpenInProc(pid_t pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", static_cast<int>(pid), name);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  MUSTER_CHECK(fd >= 0, path);
  return fd;
}

// The beginning of the file, as much as there is room for. False: nothing, as of the dead.
template <std::size_t kSize>
bool ReadFrom(int fd, char (&text)[kSize]) {
  const ssize_t size = ::pread(fd, text, kSize - 1, 0);
  text[size > 0 ? size : 0] = '\0';
  return size > 0;
}

// As ps(1) shows it: 'S' sleeps until somebody wakes it, 'D' for a disk, 'Z' is dead.
char SchedulingState(int stat_fd) {
  char text[64];
  if (!ReadFrom(stat_fd, text)) return 'X';
  // It follows the name, of at most 15 characters, which may have parentheses of its own.
  const char* end_of_name = std::strrchr(text, ')');
  return end_of_name != nullptr && end_of_name[1] == ' ' ? end_of_name[2] : 'X';
}

}  // namespace

void Part::Reach(std::uint32_t stage) {
  page_->reached.store(stage, std::memory_order_release);
  Wake(page_->reached);
}

void Part::AwaitPermission(std::uint32_t stage) {
  for (;;) {
    const std::uint32_t permitted = page_->permitted.load(std::memory_order_acquire);
    if (permitted >= stage) return;
    Sleep(page_->permitted, permitted, nullptr);
  }
}

// What it throws ends the process, and is not caught by its parent's frames, of which it has
// copies.
void PlayPart(const Actor::Body& body, ActorPage* page) noexcept {
  Part part(page);
  body(part);
  part.Reach(kFinished);
  ::_exit(0);
}

Actor::Actor(ActorPage* page, const Body& body) : page_(page) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  MUSTER_CHECK(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    PlayPart(body, page);
  }
  OpenFiles();
}

Actor::Actor(ActorPage* page, pid_t pid) : page_(page), pid_(pid) { OpenFiles(); }

void Actor::OpenFiles() {
  syscall_fd_ = OpenInProc(pid_, "syscall");
  stat_fd_ = OpenInProc(pid_, "stat");
}

char Actor::scheduling() const { return SchedulingState(stat_fd_); }

Actor::~Actor() {
  Kill();
  RetryOnEintr([&] { return ::waitpid(pid_, nullptr, 0); });
  ::close(syscall_fd_);
  ::close(stat_fd_);
}

Actor::State Actor::state() const {
  if (killed_) return State::kDead;
  if (HasReached(kFinished)) return State::kFinished;
  const State state = StateInKernel();
  // It may have finished and gone since.
  return state == State::kDead && HasReached(kFinished) ? State::kFinished : state;
}

Actor::State Actor::StateInKernel() const {
  char text[128];
  if (!ReadFrom(syscall_fd_, text)) return State::kDead;
  // "running", "-1 ..." outside of a system call, or "NUMBER 0xARGUMENT ...".
  if (text[0] == 'r') return State::kRunning;
  char* rest;
  const long number = std::strtol(text, &rest, 10);
  const auto argument = std::strtoull(rest, nullptr, 16);
  if (number == SYS_futex && argument == reinterpret_cast<std::uintptr_t>(&page_->permitted)) {
    return State::kParked;
  }
  const char scheduling = SchedulingState(stat_fd_);
  if (scheduling == 'Z' || scheduling == 'X') return State::kDead;
  return number >= 0 && scheduling == 'S' ? State::kBlocked : State::kRunning;
}

bool Actor::HasReached(std::uint32_t stage) const {
  return page_->reached.load(std::memory_order_acquire) >= stage;
}

void Actor::Permit(std::uint32_t stage) {
  page_->permitted.store(stage, std::memory_order_release);
  Wake(page_->permitted);
}

void Actor::Nap() const {
  const std::uint32_t reached = page_->reached.load(std::memory_order_acquire);
  if (reached != kFinished) Sleep(page_->reached, reached, &kNap);
}

std::chrono::nanoseconds Actor::CpuTime() const {
  clockid_t clock;
  timespec time;
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return std::chrono::nanoseconds(0);
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void Actor::Kill() {
  if (killed_) return;
  ::kill(pid_, SIGKILL);
  AwaitEnd();
  killed_ = true;
}

void Actor::AwaitEnd() const {
  // WNOWAIT: it stays a zombie, so nobody else gets its pid while it is recovered.
  siginfo_t info;
  RetryOnEintr([&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT); });
}

}  // namespace muster::ipc::testing
