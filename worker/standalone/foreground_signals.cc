#include "muster/worker/standalone/foreground_signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "muster/ipc/base/status.h"

namespace muster::worker {
namespace {

// A handler has no argument of ours, so what it uses is global. Written by it and by the one
// ForegroundSignals.
std::atomic<int> wake_fd{-1};
std::atomic<StandaloneSockets*> guarded{nullptr};
std::atomic<int> end_signal{0};    // the first one, or the first after QUIT
std::atomic<bool> is_told{false};  // of that one
std::atomic<bool> is_hangup{false};

static_assert(std::atomic<StandaloneSockets*>::is_always_lock_free,
              "or it would not be async-signal-safe");

// Whether it is the end signal from now on.
bool BecomesEndSignal(int number) {
  int previous = 0;
  if (end_signal.compare_exchange_strong(previous, number)) return true;
  return previous == SIGQUIT && number != SIGQUIT &&
         end_signal.compare_exchange_strong(previous, number);
}

void HandleSignal(int number) {
  if (number == SIGHUP) {
    is_hangup.store(true);
  } else if (BecomesEndSignal(number)) {
    is_told.store(false);
  } else {
    if (number == SIGQUIT) return;
    if (StandaloneSockets* const sockets = guarded.load()) sockets->RemoveFiles();
    ::_exit(0);
  }
  const int fd = wake_fd.load();
  if (fd >= 0) ipc::WakeFd::Notify(fd);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ForegroundSignals>> ForegroundSignals::Install() {
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd wake, ipc::WakeFd::Create());
  auto signals = std::unique_ptr<ForegroundSignals>(new ForegroundSignals(std::move(wake)));
  wake_fd.store(signals->fd());
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) {
    sigaddset(&taken, number);
    if (::sigaction(number, &action, nullptr) < 0) return ipc::ErrnoStatus("sigaction");
  }
  if (::sigprocmask(SIG_UNBLOCK, &taken, nullptr) < 0) return ipc::ErrnoStatus("sigprocmask");
  return signals;
}

ForegroundSignals::~ForegroundSignals() { wake_fd.store(-1); }

void ForegroundSignals::Guard(StandaloneSockets* sockets) { guarded.store(sockets); }

ForegroundSignals::Arrived ForegroundSignals::Take() const {
  wake_.Drain();
  Arrived arrived;
  if (end_signal.load() != 0 && !is_told.exchange(true)) arrived.end = end_signal.load();
  arrived.hangup = is_hangup.exchange(false);
  return arrived;
}

}  // namespace muster::worker
