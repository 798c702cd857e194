#include "muster/master/admin/connection/socket_acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

SocketAcceptor::SocketAcceptor(loop::EventLoop& loop, Log& log, OnConnection on_connection)
    : loop_(loop),
      log_(log),
      on_connection_(std::move(on_connection)),
      again_(loop, [this] { Update(); }) {}

SocketAcceptor::~SocketAcceptor() { Unwatch(); }

absl::Status SocketAcceptor::Listen(int listener) {
  Unwatch();
  listener_ = -1;
  MUSTER_RETURN_IF_ERROR(loop_.Add(listener, 0, this));
  listener_ = listener;
  is_watched_ = true;
  Update();
  return absl::OkStatus();
}

void SocketAcceptor::SetPaused(bool is_paused) {
  is_paused_ = is_paused;
  Update();
}

void SocketAcceptor::PauseForWant(const absl::Status& problem) {
  again_.SetAfter(kPause);
  Update();
  if (std::exchange(is_in_want_, true)) return;
  log_.Write(Severity::kError, absl::StrCat("admin: no connection can be taken: ",
                                            problem.message(), "; clients wait until one can"));
}

// Level-triggered: what came meanwhile is seen at once.
void SocketAcceptor::Update() {
  if (!is_watched_) return;
  const std::uint32_t accepting = EPOLLIN;
  const bool accepts = !is_paused_ && !again_.is_armed();
  loop_.Modify(listener_, accepts ? accepting : 0, this).IgnoreError();
}

void SocketAcceptor::Unwatch() {
  if (std::exchange(is_watched_, false)) loop_.Remove(listener_, this);
}

void SocketAcceptor::OnEvents(std::uint32_t) {
  for (int i = 0; i < kMostPerRound; ++i) {
    if (is_paused_ || again_.is_armed()) return;
    ipc::UniqueFd connection(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.valid()) {
      on_connection_(*this, std::move(connection));
      if (!again_.is_armed() && std::exchange(is_in_want_, false)) {
        log_.Write(Severity::kInfo, "admin: connections are taken again");
      }
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    // EMFILE, ENFILE, ENOMEM, ENOBUFS, and what nobody has thought of: not at full speed.
    PauseForWant(ipc::ErrnoStatus("accept"));
    return;
  }
}

}  // namespace muster::master
