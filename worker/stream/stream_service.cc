#include "muster/worker/stream/stream_service.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/proto/handoff.pb.h"

namespace muster::worker {

// ---- Stream ----

Stream::~Stream() { Unwatch(); }

void Stream::Write(absl::string_view bytes) {
  if (is_over_ || is_closing_) return;
  const bool was_empty = unsent_.empty();
  unsent_.append(bytes.data(), bytes.size());
  if (was_empty) Send();
  if (unsent_.size() > kMostUnsentBytes) {
    service_.context_.Log(config::v1::Log::INFO, "a client that does not read is closed");
    service_.Doom(*this);
  }
}

void Stream::Close() {
  is_closing_ = true;
  if (unsent_.empty()) return service_.Doom(*this);
  Watch();
}

void Stream::OnEvents(std::uint32_t events) {
  if (is_over_) return;
  if (!unsent_.empty()) {
    Send();
    // What came meanwhile was not offered.
    if (unsent_.empty() && !is_over_ && !is_closing_) Offer();
    return;
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive();
}

void Stream::Receive() {
  char* const buffer = service_.input_.get();
  const std::size_t room = kMostUnreadBytes - unread_.size();
  const ssize_t received =
      ipc::RetryOnEintr([&] { return ::recv(connection_.fd.get(), buffer, room, 0); });
  if (received < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) service_.Doom(*this);
    return;
  }
  if (received == 0) return Close();
  service_.context_.stats().bytes_received.Add(static_cast<std::uint64_t>(received));
  unread_.append(buffer, static_cast<std::size_t>(received));
  Offer();
}

void Stream::Offer() {
  while (!unread_.empty() && unsent_.empty() && !is_closing_ && !is_over_) {
    const std::size_t taken = session_->OnInput(unread_);
    unread_.erase(0, taken);
    if (taken == 0) break;
  }
  if (unread_.size() < kMostUnreadBytes || is_closing_ || is_over_ || !unsent_.empty()) return;
  service_.context_.Log(config::v1::Log::INFO, "a client is closed whose input makes no sense");
  service_.Doom(*this);
}

void Stream::Send() {
  while (!unsent_.empty()) {
    const ssize_t sent = ipc::RetryOnEintr([this] {
      return ::send(connection_.fd.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    });
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return service_.Doom(*this);
    if (sent < 0) break;
    service_.context_.stats().bytes_sent.Add(static_cast<std::uint64_t>(sent));
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  if (is_closing_ && unsent_.empty()) return service_.Doom(*this);
  Watch();
}

void Stream::Watch() {
  const std::uint32_t events = unsent_.empty() ? EPOLLIN : EPOLLOUT;
  if (events == watched_events_ || is_over_) return;
  loop::EventLoop& loop = service_.context_.loop();
  const int fd = connection_.fd.get();
  const absl::Status status =
      watched_events_ == 0 ? loop.Add(fd, events, this) : loop.Modify(fd, events, this);
  if (!status.ok()) return service_.Doom(*this);
  watched_events_ = events;
}

void Stream::Unwatch() {
  if (watched_events_ == 0) return;
  service_.context_.loop().Remove(connection_.fd.get(), this);
  watched_events_ = 0;
}

// ---- StreamService ----

void StreamService::OnConnection(Connection connection) {
  std::unique_ptr<Stream> made(new Stream(*this, std::move(connection)));
  Stream& stream = *made;
  streams_.emplace(&stream, std::move(made));
  stream.session_ = protocol_->Begin(stream);
  stream.Watch();
}

absl::Status StreamService::Adopt(Connection connection, std::string state) {
  v1::StreamState saved;
  if (!saved.ParseFromString(state) || saved.unread().size() > Stream::kMostUnreadBytes ||
      saved.unsent().size() > Stream::kMostUnsentBytes) {
    return absl::InvalidArgumentError("its state is no muster.worker.v1.StreamState");
  }
  std::unique_ptr<Stream> made(new Stream(*this, std::move(connection)));
  Stream& stream = *made;
  stream.unread_ = std::move(*saved.mutable_unread());
  stream.unsent_ = std::move(*saved.mutable_unsent());
  auto session = protocol_->Resume(stream, std::move(*saved.mutable_session()));
  if (!session.ok()) {
    std::erase(doomed_, &stream);
    return session.status();
  }
  stream.session_ = *std::move(session);
  streams_.emplace(&stream, std::move(made));
  stream.Send();
  stream.Offer();
  if (drain_.has_value()) TreatAsDrained(stream);
  return absl::OkStatus();
}

void StreamService::Drain(Idle idle) {
  drain_ = idle;
  DrainAll();
}

void StreamService::DrainAll() {
  std::vector<Stream*> streams;
  for (const auto& [stream, owned] : streams_) streams.push_back(stream);
  for (Stream* stream : streams) TreatAsDrained(*stream);
}

void StreamService::TreatAsDrained(Stream& stream) {
  if (stream.is_over_ || stream.is_closing_) return;
  if (*drain_ == Idle::kHandOff) {
    if (context_.HasHandoffRoom()) HandOff(stream);
    return;
  }
  stream.session_->OnQuit();
  stream.Close();
}

void StreamService::HandOff(Stream& stream) {
  v1::StreamState state;
  state.set_session(stream.session_->Suspend());
  // It may have written, and found its client gone, or closed it.
  if (stream.is_over_ || stream.is_closing_) return;
  if (state.session().size() > Stream::kMostStateBytes) {
    context_.Log(config::v1::Log::ERROR,
                 absl::StrCat("a session is too large to be handed off: ", state.session().size(),
                              " bytes; its client is closed"));
    return Doom(stream);
  }
  state.set_unread(std::move(stream.unread_));
  state.set_unsent(std::move(stream.unsent_));
  // Explicitly: the socket stays open elsewhere, and with it its place in the epoll set.
  stream.Unwatch();
  Connection connection = std::move(stream.connection_);
  streams_.erase(&stream);
  context_.HandOff(std::move(connection), state.SerializeAsString());
}

void StreamService::Doom(Stream& stream) {
  if (std::exchange(stream.is_over_, true)) return;
  stream.Unwatch();
  if (doomed_.empty()) context_.Post([this] { Bury(); });
  doomed_.push_back(&stream);
}

void StreamService::Bury() {
  for (Stream* stream : std::exchange(doomed_, {})) {
    if (stream->session_ != nullptr) stream->session_->OnEnd();
    streams_.erase(stream);
  }
}

}  // namespace muster::worker
