#include "muster/ipc/process/signal_set.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/signal_name.h"

namespace muster::ipc {

absl::StatusOr<SignalSet> SignalSet::Block(absl::Span<const int> signals) {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : signals) {
    // The kernel would leave these two out without a word.
    if (number == SIGKILL || number == SIGSTOP || sigaddset(&mask, number) < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("signalfd: ", SignalName(number), " cannot be blocked"));
    }
  }
  UniqueFd fd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus("signalfd");
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &mask, nullptr); error != 0) {
    return ErrnoStatus("pthread_sigmask", error);
  }
  return SignalSet(std::move(fd));
}

absl::StatusOr<std::optional<ReceivedSignal>> SignalSet::TryRead() const {
  signalfd_siginfo record;
  const ssize_t size = RetryOnEintr([&] { return ::read(fd_.get(), &record, sizeof(record)); });
  if (size < 0) {
    if (errno == EAGAIN) return std::nullopt;
    return ErrnoStatus("read signalfd");
  }
  if (size != sizeof(record)) {
    return absl::InternalError(
        absl::StrCat("read signalfd: ", size, " bytes, expected ", sizeof(record)));
  }
  ReceivedSignal signal;
  signal.number = static_cast<int>(record.ssi_signo);
  signal.sender_pid = static_cast<pid_t>(record.ssi_pid);
  signal.sender_uid = record.ssi_uid;
  // SI_USER is 0, SI_QUEUE and SI_TKILL are negative; what the kernel means has a positive code.
  signal.is_from_process = record.ssi_code <= 0;
  return signal;
}

}  // namespace muster::ipc
