#include "muster/worker/testkit/fake_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/worker/stream/stream_state.h"

namespace muster::worker::testkit {
namespace {

// The kernel takes twice as much.
constexpr int kSendBufferBytes = 32 << 10;
constexpr std::size_t kMostReceived = std::size_t{1} << 30;

// A number that no other socket has or will have. Zero: `fd` is no socket.
std::uint64_t CookieOf(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

}  // namespace

FakeStream::FakeStream(FakeContext& context, Service& service, Origin origin) : context_(&context) {
  int ends[2];
  MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
               "socketpair");
  client_.reset(ends[0]);
  service_fd_ = ends[1];
  service_cookie_ = CookieOf(service_fd_);
  MUSTER_CHECK(service_cookie_ != 0, "SO_COOKIE");
  ::setsockopt(service_fd_, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof(kSendBufferBytes));
  service.OnConnection(context.MakeConnection(ipc::UniqueFd(service_fd_), std::move(origin)));
  Run();
}

void FakeStream::Send(absl::string_view bytes) {
  unsent_.append(bytes.data(), bytes.size());
  Run();
}

void FakeStream::EndInput() {
  is_input_ending_ = true;
  Run();
}

void FakeStream::Leave() {
  client_.reset();
  has_ended_ = true;
  received_.clear();
  context_->RunReady();
}

bool FakeStream::SendSome() {
  if (!client_.valid() || unsent_.empty()) return false;
  const ssize_t sent = ::send(client_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent > 0) {
    unsent_.erase(0, static_cast<std::size_t>(sent));
  } else if (errno != EAGAIN) {
    unsent_.clear();  // nobody receives it any more
  }
  return sent > 0;
}

void FakeStream::Run() {
  while (SendSome()) context_->RunReady();
  if (unsent_.empty() && client_.valid() && std::exchange(is_input_ending_, false)) {
    ::shutdown(client_.get(), SHUT_WR);
  }
  context_->RunReady();
}

bool FakeStream::ReceiveOnce(std::size_t most_bytes) {
  if (has_ended_) return false;
  char bytes[65536];
  const ssize_t received =
      ::recv(client_.get(), bytes, std::min(most_bytes, sizeof(bytes)), MSG_DONTWAIT);
  if (received > 0) {
    received_.append(bytes, static_cast<std::size_t>(received));
    return true;
  }
  has_ended_ = received == 0 || errno != EAGAIN;
  return false;
}

std::string FakeStream::Receive() {
  for (Run(); ReceiveOnce(kMostReceived); Run()) {
    MUSTER_CHECK(received_.size() < kMostReceived, "the session stops writing");
  }
  return std::exchange(received_, {});
}

std::string FakeStream::ReceiveSome(std::size_t most_bytes) {
  Run();
  while (received_.size() < most_bytes && ReceiveOnce(most_bytes - received_.size())) Run();
  std::string taken = received_.substr(0, most_bytes);
  received_.erase(0, taken.size());
  return taken;
}

bool FakeStream::has_ended() {
  Run();
  // One byte at most is taken of a client that has not received everything.
  if (received_.empty()) ReceiveOnce(1);
  return has_ended_ && received_.empty();
}

bool FakeStream::is_open() const { return CookieOf(service_fd_) == service_cookie_; }

std::optional<std::string> FakeStream::suspended() const {
  const std::string* const state = is_open() ? context_->FindHandedOff(service_fd_) : nullptr;
  if (state == nullptr) return std::nullopt;
  absl::StatusOr<StreamState> parsed = StreamState::Parse(*state);
  MUSTER_CHECK(parsed.ok(), "the service is a StreamService");
  return std::move(parsed->session);
}

std::optional<FakeContext::HandedOff> FakeStream::TakeHandedOff() {
  return is_open() ? context_->TakeHandedOff(service_fd_) : std::nullopt;
}

absl::Status FakeStream::Resume(FakeContext& context, Service& service) {
  std::optional<FakeContext::HandedOff> handed_off = TakeHandedOff();
  if (!handed_off.has_value()) return absl::FailedPreconditionError("it was not suspended");
  return Adopt(*std::move(handed_off), context, service);
}

absl::Status FakeStream::ResumeFrom(std::string session_state, FakeContext& context,
                                    Service& service) {
  std::optional<FakeContext::HandedOff> handed_off = TakeHandedOff();
  if (!handed_off.has_value()) return absl::FailedPreconditionError("it was not suspended");
  absl::StatusOr<StreamState> state = StreamState::Parse(handed_off->state);
  MUSTER_CHECK(state.ok(), "the service is a StreamService");
  state->session = std::move(session_state);
  handed_off->state = state->Serialize();
  return Adopt(*std::move(handed_off), context, service);
}

absl::Status FakeStream::Adopt(FakeContext::HandedOff handed_off, FakeContext& context,
                               Service& service) {
  context_ = &context;
  Connection connection = std::move(handed_off.connection);
  connection.lease = context.TakeLease();
  // What the state has of it, the kernel does not tell.
  connection.origin.listener.clear();
  if (std::exchange(connection.origin.is_proxied, false)) connection.origin.address = {};
  const absl::Status status = service.Adopt(std::move(connection), std::move(handed_off.state));
  Run();
  return status;
}

}  // namespace muster::worker::testkit
