#include "ipc/testing/actor.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "ipc/check.h"
#include "ipc/retry.h"

namespace muster::ipc::testing {
namespace {

// Long enough to cost nothing, short enough to notice that an actor fell asleep.
constexpr timespec kNap = {0, 100'000};

// Not ipc/futex.h: a fault there must not be one of the harness too.
void Sleep(const std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* time) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, time, nullptr, 0);
}
void Wake(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

// In the child: what it throws ends the child, and is not caught by the parent's frames, of which
// it has copies.
[[noreturn]] void Play(const Actor::Body& body, ActorPage* page) noexcept {
  Part part(page);
  body(part);
  part.Reach(kFinished);
  ::_exit(0);
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

Actor::Actor(ActorPage* page, const Body& body) : page_(page) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  MUSTER_CHECK(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    Play(body, page);
  }
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/syscall", static_cast<int>(pid_));
  syscall_fd_ = ::open(path, O_RDONLY | O_CLOEXEC);
  MUSTER_CHECK(syscall_fd_ >= 0, path);
}

Actor::~Actor() {
  Kill();
  RetryOnEintr([&] { return ::waitpid(pid_, nullptr, 0); });
  ::close(syscall_fd_);
}

Actor::State Actor::state() const {
  if (killed_) return State::kDead;
  if (HasReached(kFinished)) return State::kFinished;
  char text[128];
  const ssize_t size = ::pread(syscall_fd_, text, sizeof text - 1, 0);
  if (size <= 0) return State::kDead;
  text[size] = '\0';
  // "running", "-1 ..." where it sleeps in a page fault, or "NUMBER 0xARGUMENT ...".
  if (text[0] < '0' || text[0] > '9') return State::kRunning;
  char* rest;
  const long number = std::strtol(text, &rest, 10);
  const auto argument = std::strtoull(rest, nullptr, 16);
  if (number == SYS_futex && argument == reinterpret_cast<std::uintptr_t>(&page_->permitted)) {
    return State::kParked;
  }
  return State::kBlocked;
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
  // WNOWAIT: it stays a zombie, so nobody else gets its pid while it is recovered.
  siginfo_t info;
  RetryOnEintr([&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT); });
  killed_ = true;
}

}  // namespace muster::ipc::testing
