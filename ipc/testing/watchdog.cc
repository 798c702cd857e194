#include "muster/ipc/testing/watchdog.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "muster/ipc/base/check.h"

namespace muster::ipc::testing {
namespace {

char phase_text[256];
volatile std::sig_atomic_t ticks_left = 0;

void Write(const char* text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void OnTick(int) {
  ticks_left = ticks_left - 1;
  if (ticks_left > 0) return;
  Write("\ntakes too long: ");
  Write(phase_text);
  Write("\n");
  ::_exit(1);
}

// Zero: none.
void SetTimer(std::chrono::milliseconds tick) {
  const timeval time = {tick.count() / 1000, tick.count() % 1000 * 1000};
  const itimerval timer = {time, time};
  MUSTER_CHECK(::setitimer(ITIMER_REAL, &timer, nullptr) == 0, "setitimer");
}

}  // namespace

Watchdog::Watchdog(int ticks, std::chrono::milliseconds tick) : ticks_(ticks) {
  struct sigaction action = {};
  action.sa_handler = OnTick;
  action.sa_flags = SA_RESTART;
  MUSTER_CHECK(::sigaction(SIGALRM, &action, &before_) == 0, "sigaction");
  Begin("the beginning");
  SetTimer(tick);
}

Watchdog::~Watchdog() {
  SetTimer(std::chrono::milliseconds(0));
  ::sigaction(SIGALRM, &before_, nullptr);
}

void Watchdog::Begin(std::string_view phase) {
  // A tick in between would at worst read half of each.
  ticks_left = ticks_;
  const std::size_t size = std::min(phase.size(), sizeof phase_text - 1);
  std::memcpy(phase_text, phase.data(), size);
  phase_text[size] = '\0';
}

}  // namespace muster::ipc::testing
