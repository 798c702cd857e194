#include "muster/worker/http/response/file_transfer.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "muster/ipc/base/retry.h"

namespace muster::worker::http {

FileTransfer::FileTransfer(std::shared_ptr<const OpenFile> file, std::vector<Part> parts)
    : file_(std::move(file)), parts_(std::move(parts)) {}

FileTransfer::Outcome FileTransfer::Send(int socket, std::uint64_t max_bytes) {
  const std::uint64_t start_bytes = sent_bytes_;
  while (next_part_ < parts_.size()) {
    Part& part = parts_[next_part_];
    const std::uint64_t wanted = part.before.size() - before_sent_ + part.range.bytes;
    if (wanted == 0) {
      ++next_part_;
      before_sent_ = 0;
      continue;
    }
    if (sent_bytes_ - start_bytes >= max_bytes) return Outcome::kPaused;
    const std::int64_t sent = SendSome(socket, part);
    if (sent < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::kBlocked : Outcome::kFailed;
    }
    if (sent == 0) return Outcome::kFailed;  // the end of a file that became shorter
    sent_bytes_ += static_cast<std::uint64_t>(sent);
  }
  return Outcome::kComplete;
}

std::int64_t FileTransfer::SendSome(int socket, Part& part) {
  if (before_sent_ < part.before.size()) {
    const bool is_last = part.range.bytes == 0 && next_part_ + 1 == parts_.size();
    const ssize_t sent = ipc::RetryOnEintr([&] {
      return ::send(socket, part.before.data() + before_sent_, part.before.size() - before_sent_,
                    MSG_NOSIGNAL | (is_last ? 0 : MSG_MORE));
    });
    if (sent > 0) before_sent_ += static_cast<std::size_t>(sent);
    return sent;
  }
  auto offset = static_cast<off_t>(part.range.first);
  const ssize_t sent = ipc::RetryOnEintr([&] {
    return ::sendfile(socket, file_->fd.get(), &offset,
                      static_cast<std::size_t>(std::min<std::uint64_t>(part.range.bytes, 1 << 30)));
  });
  if (sent > 0) {
    part.range.first += static_cast<std::uint64_t>(sent);
    part.range.bytes -= static_cast<std::uint64_t>(sent);
  }
  return sent;
}

}  // namespace muster::worker::http
