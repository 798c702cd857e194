#include "muster/master/systemd/service_notifier.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

constexpr std::chrono::milliseconds kPause{100};

// Half of the time after which the manager takes this process for hung. Zero: it does not watch it.
std::chrono::microseconds WatchdogInterval(const char* time_us, const char* pid) {
  std::int64_t us = 0;
  std::int64_t watched = ::getpid();
  if (time_us == nullptr || !absl::SimpleAtoi(time_us, &us) || us <= 0) return {};
  if (pid != nullptr && (!absl::SimpleAtoi(pid, &watched) || watched != ::getpid())) return {};
  return std::max(std::chrono::microseconds(us / 2), std::chrono::microseconds(1000));
}

}  // namespace

ServiceNotifier::ServiceNotifier(loop::TimerQueue& timers)
    : again_(timers, [this] { SendAll(); }), watchdog_(timers, [this] { TellAlive(); }) {
  if (!socket_.has_manager()) return;
  watchdog_interval_ = WatchdogInterval(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"));
}

void ServiceNotifier::Begin() {
  if (!unsent_.empty()) SendAll();
  if (watchdog_interval_.count() > 0) TellAlive();
}

state::v1::ServiceNotifierState ServiceNotifier::Save() const {
  state::v1::ServiceNotifierState state;
  for (const std::string& message : unsent_) state.add_unsent(message);
  return state;
}

absl::Status ServiceNotifier::Restore(const state::v1::ServiceNotifierState& state) {
  if (static_cast<std::size_t>(state.unsent_size()) > kMostUnsent) {
    return StateError("notifier.unsent", absl::StrCat("has ", state.unsent_size(), " messages"));
  }
  // Without a manager there is nobody who would take them.
  if (socket_.has_manager()) unsent_.assign(state.unsent().begin(), state.unsent().end());
  return absl::OkStatus();
}

void ServiceNotifier::TellAlive() {
  watchdog_.SetAfter(watchdog_interval_);
  // A manager that does not read is told so later, by what it reads then.
  if (unsent_.empty()) Tell("WATCHDOG=1\n");
}

void ServiceNotifier::TellReady(absl::string_view status) {
  // A line is a variable of its own.
  Tell(absl::StrCat("READY=1\nSTATUS=", absl::StrReplaceAll(status, {{"\n", " "}}), "\n"));
}

void ServiceNotifier::TellReloading() {
  // Both in one datagram. systemd takes a time before its own signal for an older reload's.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  Tell(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", now_us, "\n"));
}

void ServiceNotifier::TellStopping() { Tell("STOPPING=1\n"); }

void ServiceNotifier::Tell(std::string message) {
  if (!socket_.has_manager()) return;
  if (unsent_.size() >= kMostUnsent) unsent_.pop_front();
  unsent_.push_back(std::move(message));
  if (unsent_.size() == 1) SendAll();
}

void ServiceNotifier::SendAll() {
  while (!unsent_.empty()) {
    if (socket_.Send(unsent_.front()) == ManagerSocket::Outcome::kFull) {
      return again_.SetAfter(kPause);
    }
    unsent_.pop_front();
  }
}

}  // namespace muster::master
