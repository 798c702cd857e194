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

// Signals for programs that cannot block them in every thread (see signal_set.h for
// those that can): a handler sets a flag for each and wakes a loop through an eventfd. The
// handler is async-signal-safe and keeps errno; system calls that it interrupts go on
// (SA_RESTART) where the kernel can.
//
// Dispositions belong to the process, so at most one exists at a time. Any thread
// may take. A child of fork inherits the handler and the eventfd: signals to it set its own
// flags but wake the parent too, until it makes its own or calls exec, which restores the
// defaults.
class SignalHandler {
 public:
  // FailedPrecondition: one exists already. InvalidArgument: a number that is no
  // signal, or that cannot be handled.
  static absl::StatusOr<SignalHandler> Install(absl::Span<const int> signals);

  // Restores the dispositions that were there before.
  ~SignalHandler();
  SignalHandler(SignalHandler&& other) noexcept = default;
  SignalHandler& operator=(SignalHandler&&) = delete;

  // True: it came since the last time. One signal or several. Acquires what its
  // handler's store releases.
  bool Take(int number) const;

  // Takes one that came, or nothing. When fd() is readable: Drain() first, then
  // take until nothing is left; in the other order one could be overlooked.
  std::optional<int> TakeNext() const;
  void Drain() const { wake_.Drain(); }

  // To poll for reading.
  int fd() const { return wake_.fd(); }

 private:
  struct Previous {
    int number;
    struct sigaction action;
  };

  explicit SignalHandler(WakeFd wake) : wake_(std::move(wake)), pid_(::getpid()) {}

  WakeFd wake_;
  pid_t pid_;  // that installed it
  std::vector<Previous> previous_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_HANDLER_H_
