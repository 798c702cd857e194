#ifndef MUSTER_IPC_PROCESS_SIGNAL_HANDLER_H_
#define MUSTER_IPC_PROCESS_SIGNAL_HANDLER_H_

#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "muster/ipc/base/wake_fd.h"

namespace muster::ipc {

// Owns the handlers of some signals. A handler sets the flag of its signal and wakes a loop
// through an eventfd. For programs that cannot block signals in every thread; those that can use
// SignalSet. The handler is async-signal-safe and preserves errno. System calls that it
// interrupts are restarted where the kernel can (SA_RESTART).
//
// Signal dispositions belong to the process, so at most one SignalHandler exists at a time. Any
// thread may take signals. A child of fork inherits the handlers and the eventfd: a signal to the
// child sets the child's flags, but wakes the parent too. This ends when the child installs a
// handler of its own, or calls exec, which restores the default dispositions.
class SignalHandler {
 public:
  // FailedPrecondition: this process has a SignalHandler already. InvalidArgument: a number is
  // not a signal, or the signal cannot be handled.
  static absl::StatusOr<SignalHandler> Install(absl::Span<const int> signals);

  // Restores the previous dispositions. Waits for handlers that run in other threads.
  ~SignalHandler();
  SignalHandler(SignalHandler&& other) noexcept = default;
  SignalHandler& operator=(SignalHandler&&) = delete;

  // True: this signal arrived, once or several times, since it was last taken. Memory order:
  // acquire, which pairs with the release store in the handler.
  bool Take(int number) const;

  // Takes one signal that arrived, or returns nothing. When fd() is readable, call Drain() first,
  // then TakeNext() until it returns nothing. In the other order a signal could be missed.
  std::optional<int> TakeNext() const;
  void Drain() const { wake_.Drain(); }

  // For poll and epoll, for reading.
  int fd() const { return wake_.fd(); }

 private:
  struct Previous {
    int number;
    struct sigaction action;
  };

  explicit SignalHandler(WakeFd wake) : wake_(std::move(wake)), pid_(::getpid()) {}

  WakeFd wake_;
  pid_t pid_;  // the process that installed it
  std::vector<Previous> previous_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_HANDLER_H_
