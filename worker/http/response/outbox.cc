#include "muster/worker/http/response/outbox.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "muster/ipc/base/retry.h"

namespace muster::worker::http {
namespace {

// Of one file, before other connections have their turn.
constexpr std::uint64_t kTransferBytesPerTurn = 2 * 1024 * 1024;

}  // namespace

bool SendSome(int socket, absl::string_view& bytes, bool has_more) {
  const ssize_t sent = ipc::RetryOnEintr([&] {
    return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | (has_more ? MSG_MORE : 0));
  });
  if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
  bytes.remove_prefix(static_cast<std::size_t>(sent));
  return true;
}

Outbox::Outcome Outbox::Send(int socket) {
  absl::string_view rest = absl::string_view(bytes_).substr(bytes_sent_);
  if (!rest.empty()) {
    const std::size_t before = rest.size();
    if (!SendSome(socket, rest, transfer_ != nullptr)) return Outcome::kFailed;
    bytes_sent_ += before - rest.size();
    untold_bytes_ += before - rest.size();
    if (!rest.empty()) return Outcome::kWaiting;
  }
  if (transfer_ == nullptr) return Outcome::kSent;
  const std::uint64_t before = transfer_->sent_bytes();
  const FileTransfer::Outcome outcome = transfer_->Send(socket, kTransferBytesPerTurn);
  untold_bytes_ += transfer_->sent_bytes() - before;
  switch (outcome) {
    case FileTransfer::Outcome::kComplete:
      return Outcome::kSent;
    case FileTransfer::Outcome::kBlocked:
    case FileTransfer::Outcome::kPaused:
      return Outcome::kWaiting;
    case FileTransfer::Outcome::kFailed:
      break;
  }
  return Outcome::kFailed;
}

std::uint64_t Outbox::TakeSentBytes() { return std::exchange(untold_bytes_, 0); }

}  // namespace muster::worker::http
