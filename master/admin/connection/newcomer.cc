#include "muster/master/admin/connection/newcomer.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

// RFC 9113, section 3.4.
constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// RFC 8446, section 5.1: a record of the handshake, of version 3 of what once was SSL.
constexpr absl::string_view kTlsRecord = "\x16\x03";

absl::string_view BytesOf(Newcomer::Greeting greeting) {
  return greeting == Newcomer::Greeting::kTls ? kTlsRecord : kPreface;
}

absl::string_view NameOf(Newcomer::Greeting greeting) {
  return greeting == Newcomer::Greeting::kTls ? "TLS" : "HTTP/2";
}

}  // namespace

absl::StatusOr<ClientSocket> ClientSocket::Make(ipc::UniqueFd connection) {
  ClientSocket socket;
  MUSTER_ASSIGN_OR_RETURN(socket.peer, Peer::OfSocket(connection.get()));
  MUSTER_ASSIGN_OR_RETURN(socket.watch, ipc::DuplicateFd(connection.get()));
  socket.grpc = std::move(connection);
  return socket;
}

Newcomer::Newcomer(loop::EventLoop& loop, ClientSocket socket, Greeting expected, Result on_result)
    : loop_(loop),
      socket_(std::move(socket)),
      expected_(expected),
      on_result_(std::move(on_result)),
      deadline_(loop, [this] {
        Finish(absl::DeadlineExceededError(
            absl::StrCat("sent no ", NameOf(expected_), " within ",
                         absl::FormatDuration(absl::FromChrono(Newcomer::kPatience)))));
      }) {}

Newcomer::~Newcomer() { Unwatch(); }

void Newcomer::Start() {
  absl::StatusOr<bool> has_begun = HasBegun();
  if (has_begun.ok() && !*has_begun) {
    // Edge-triggered: what was looked at stays readable.
    const absl::Status added = loop_.Add(socket_.watch.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, this);
    if (added.ok()) {
      is_watched_ = true;
      deadline_.SetAfter(kPatience);
      return;
    }
    has_begun = added;
  }
  Finish(has_begun.status());
}

ClientSocket Newcomer::TakeSocket() {
  Unwatch();
  return std::move(socket_);
}

void Newcomer::OnEvents(std::uint32_t) {
  const absl::StatusOr<bool> has_begun = HasBegun();
  if (has_begun.ok() && !*has_begun) return;
  Finish(has_begun.status());
}

absl::StatusOr<bool> Newcomer::HasBegun() const {
  // Of descriptors that came with the bytes the kernel says only that there are some. Whoever takes
  // the bytes would close them.
  char bytes[4096];
  iovec part = {bytes, sizeof(bytes)};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t size = ipc::RetryOnEintr(
      [&] { return ::recvmsg(socket_.watch.get(), &message, MSG_PEEK | MSG_DONTWAIT); });
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= 0) return absl::CancelledError("has hung up");
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return absl::PermissionDeniedError("sent a descriptor");
  }
  const absl::string_view come(bytes, static_cast<std::size_t>(size));
  const absl::string_view wanted = BytesOf(expected_);
  if (!absl::StartsWith(come, wanted.substr(0, come.size()))) {
    return absl::InvalidArgumentError(absl::StrCat("sent no ", NameOf(expected_)));
  }
  return come.size() >= wanted.size();
}

void Newcomer::Unwatch() {
  deadline_.Cancel();
  if (std::exchange(is_watched_, false)) loop_.Remove(socket_.watch.get(), this);
}

void Newcomer::Finish(const absl::Status& result) {
  Unwatch();
  const Result on_result = on_result_;  // this may be destroyed in it
  on_result(*this, result);
}

}  // namespace muster::master
