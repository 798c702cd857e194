#include "muster/ipc/channel/pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {
namespace {

absl::Status Prepare(int fd, int access, int flags) {
  const std::string what = absl::StrCat("pipe in descriptor ", fd);
  struct stat file;
  if (::fstat(fd, &file) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fstat ", what), error);
  }
  const int status = ::fcntl(fd, F_GETFL);
  if (!S_ISFIFO(file.st_mode) || (status & O_ACCMODE) != access) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, ": not the ", access == O_WRONLY ? "writing" : "reading", " end of a pipe"));
  }
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(fd, F_SETFL, status | flags) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl ", what), error);
  }
  return absl::OkStatus();
}

// write(2) without its SIGPIPE. Unlike sockets, pipes have no flag for that: it is sent to this
// thread only, so it is blocked here and taken away if we were its cause.
ssize_t WriteWithoutSigpipe(int fd, absl::string_view bytes) {
  sigset_t pipe_signal;
  sigset_t pending;
  sigset_t previous;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::sigpending(&pending);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &previous);
  const ssize_t size = RetryOnEintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
  const int error = errno;
  if (size < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once = {0, 0};
    RetryOnEintr([&] { return ::sigtimedwait(&pipe_signal, nullptr, &at_once); });
  }
  ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  errno = error;
  return size;
}

}  // namespace

absl::StatusOr<Pipe> Pipe::Create() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) return ErrnoStatus("pipe2");
  UniqueFd reading(fds[0]);
  UniqueFd writing(fds[1]);
  MUSTER_ASSIGN_OR_RETURN(PipeReader reader, PipeReader::Adopt(std::move(reading)));
  MUSTER_ASSIGN_OR_RETURN(PipeWriter writer, PipeWriter::Adopt(std::move(writing)));
  return Pipe{std::move(reader), std::move(writer)};
}

absl::StatusOr<PipeWriter> PipeWriter::Adopt(UniqueFd fd) {
  // Packets are made by the writing end alone.
  MUSTER_RETURN_IF_ERROR(Prepare(fd.get(), O_WRONLY, O_NONBLOCK | O_DIRECT));
  return PipeWriter(std::move(fd));
}

absl::StatusOr<SendOutcome> PipeWriter::TrySend(absl::string_view record) const {
  if (record.empty() || record.size() > kMaxPipeRecordBytes) {
    return absl::InvalidArgumentError(absl::StrCat("pipe record of ", record.size(),
                                                   " bytes, expected 1 to ", kMaxPipeRecordBytes));
  }
  if (WriteWithoutSigpipe(fd_.get(), record) >= 0) return SendOutcome::kSent;
  const int error = errno;
  if (error == EAGAIN) return SendOutcome::kWouldBlock;
  if (error == EPIPE) return SendOutcome::kPeerGone;
  if (IsForLater(error)) return SendOutcome::kTryLater;
  return ErrnoStatus(
      absl::StrCat("write ", record.size(), " bytes to pipe in descriptor ", fd_.get()), error);
}

absl::StatusOr<SendOutcome> PipeWriter::Send(absl::string_view record, Deadline deadline) const {
  return Transfer("write to pipe", fd_.get(), POLLOUT, deadline, [&] { return TrySend(record); });
}

absl::StatusOr<PipeReader> PipeReader::Adopt(UniqueFd fd) {
  MUSTER_RETURN_IF_ERROR(Prepare(fd.get(), O_RDONLY, O_NONBLOCK));
  return PipeReader(std::move(fd));
}

absl::StatusOr<ReceiveOutcome> PipeReader::TryReceive(std::string* record) const {
  char buffer[kMaxPipeRecordBytes];
  for (bool had_writer = false;;) {
    const ssize_t size = RetryOnEintr([&] { return ::read(fd_.get(), buffer, sizeof(buffer)); });
    if (size > 0) {
      record->assign(buffer, static_cast<std::size_t>(size));
      return ReceiveOutcome::kReceived;
    }
    if (size < 0) {
      const int error = errno;
      if (error == EAGAIN) return ReceiveOutcome::kWouldBlock;
      return ErrnoStatus(absl::StrCat("read pipe in descriptor ", fd_.get()), error);
    }
    if (had_writer) return ReceiveOutcome::kPeerGone;
    // read(2) says 0 too for a FIFO that has had no writer yet; poll knows the difference. But the
    // first one may have come, written and gone since the read, so it is for the next to say that
    // nothing is left.
    pollfd request = {fd_.get(), POLLIN, 0};
    ::poll(&request, 1, 0);
    had_writer = (request.revents & POLLHUP) != 0;
    if (request.revents == 0) return ReceiveOutcome::kWouldBlock;
  }
}

absl::StatusOr<ReceiveOutcome> PipeReader::Receive(std::string* record, Deadline deadline) const {
  return Transfer("read pipe", fd_.get(), POLLIN, deadline, [&] { return TryReceive(record); });
}

}  // namespace muster::ipc
