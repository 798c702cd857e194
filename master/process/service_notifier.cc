#include "muster/master/process/service_notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "muster/ipc/base/retry.h"

namespace muster::master {
namespace {

constexpr std::chrono::milliseconds kPause{100};

// The name of a socket file, or one of the abstract namespace, which is written with an @.
std::string AddressIn(const char* variable) {
  std::string name = variable == nullptr ? "" : variable;
  if (name.size() < 2 || (name[0] != '/' && name[0] != '@')) return "";
  if (name.size() >= sizeof(sockaddr_un::sun_path)) return "";
  if (name[0] == '@') name[0] = '\0';
  return name;
}

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
    : address_(AddressIn(std::getenv("NOTIFY_SOCKET"))),
      again_(timers, [this] { SendAll(); }),
      watchdog_(timers, [this] { TellAlive(); }) {
  if (address_.empty()) return;
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) address_.clear();
  watchdog_interval_ = WatchdogInterval(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"));
  if (watchdog_interval_.count() > 0) TellAlive();
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
  if (address_.empty()) return;
  if (unsent_.size() >= kMostUnsent) unsent_.pop_front();
  unsent_.push_back(std::move(message));
  if (unsent_.size() == 1) SendAll();
}

void ServiceNotifier::SendAll() {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  // The name of an abstract socket ends where its length says, a file's with a zero.
  const std::size_t end = address_[0] == '\0' ? 0 : 1;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + end);
  while (!unsent_.empty()) {
    const ssize_t sent = ipc::RetryOnEintr([&] {
      return ::sendto(socket_.get(), unsent_.front().data(), unsent_.front().size(), MSG_NOSIGNAL,
                      reinterpret_cast<const sockaddr*>(&address), size);
    });
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
      again_.SetAfter(kPause);
      return;
    }
    unsent_.pop_front();
  }
}

}  // namespace muster::master
