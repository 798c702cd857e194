#include "muster/ipc/process/signal_handler.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/ipc/process/signal_name.h"

namespace muster::ipc {
namespace {

// A handler has no argument of ours, so what it uses is global. Written by it and by the
// one SignalHandler.
std::atomic<bool> exists{false};
std::atomic<int> wake_fd{-1};
std::atomic<int> handlers_running{0};
std::array<std::atomic<bool>, NSIG> arrived;

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "or it would not be async-signal-safe");

void HandleSignal(int number) {
  // Sequentially consistent with the destructor: either it sees us running, or we see that
  // its descriptor is gone.
  handlers_running.fetch_add(1, std::memory_order_seq_cst);
  arrived[static_cast<std::size_t>(number)].store(true, std::memory_order_release);
  const int fd = wake_fd.load(std::memory_order_seq_cst);
  if (fd >= 0) WakeFd::Notify(fd);
  handlers_running.fetch_sub(1, std::memory_order_release);
}

}  // namespace

absl::StatusOr<SignalHandler> SignalHandler::Install(absl::Span<const int> signals) {
  MUSTER_ASSIGN_OR_RETURN(WakeFd wake, WakeFd::Create());
  if (exists.exchange(true, std::memory_order_acquire)) {
    return absl::FailedPreconditionError("sigaction: this process has a signal handler already");
  }
  handlers_running.store(0, std::memory_order_relaxed);
  for (std::atomic<bool>& flag : arrived) flag.store(false, std::memory_order_relaxed);
  wake_fd.store(wake.fd(), std::memory_order_seq_cst);
  SignalHandler handler(std::move(wake));
  handler.previous_.reserve(signals.size());
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (const int number : signals) {
    Previous previous = {number, {}};
    if (::sigaction(number, &action, &previous.action) < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("sigaction: ", SignalName(number), " cannot be handled"));
    }
    handler.previous_.push_back(previous);
  }
  return handler;
}

SignalHandler::~SignalHandler() {
  if (wake_.fd() < 0) return;  // moved
  // Backwards, in case a signal was named twice.
  for (auto previous = previous_.rbegin(); previous != previous_.rend(); ++previous) {
    ::sigaction(previous->number, &previous->action, nullptr);
  }
  wake_fd.store(-1, std::memory_order_seq_cst);
  // Handlers in other threads may still hold the descriptor; they are short. A child of
  // fork has none of those threads, but may have copied their count.
  while (::getpid() == pid_ && handlers_running.load(std::memory_order_seq_cst) != 0) SpinPause();
  exists.store(false, std::memory_order_release);
}

bool SignalHandler::Take(int number) const {
  if (number <= 0 || number >= NSIG) return false;
  return arrived[static_cast<std::size_t>(number)].exchange(false, std::memory_order_acquire);
}

std::optional<int> SignalHandler::TakeNext() const {
  for (const Previous& previous : previous_) {
    if (Take(previous.number)) return previous.number;
  }
  return std::nullopt;
}

}  // namespace muster::ipc
