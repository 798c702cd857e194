#include "muster/worker/websocket/socket_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"

namespace muster::worker::websocket {
namespace {

constexpr loop::TimePoint kNever = {};
// Of a frame, what gives its client another second.
constexpr std::uint64_t kFrameBytesPerSecond = 256;
// How late a deadline may be noticed whose client was held back when it was due.
constexpr std::chrono::seconds kMostLate(1);

std::int64_t NanosecondsOf(loop::TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// Never later than `latest`, since it may come from a broken peer.
loop::TimePoint TimeOf(std::int64_t nanoseconds, loop::TimePoint latest) {
  return std::min(loop::TimePoint(std::chrono::nanoseconds(std::max<std::int64_t>(nanoseconds, 0))),
                  latest);
}

// What its bytes give a client.
loop::Clock::duration CreditFor(std::uint64_t frame_bytes) {
  return std::chrono::seconds(frame_bytes / kFrameBytesPerSecond);
}

}  // namespace

SocketStream::SocketStream(const SocketShare& share, Stream& stream, ServerEnd end,
                           std::string protocol)
    : share_(share),
      socket_(stream, std::move(end), std::move(protocol), [this] { SetTimer(); }),
      timer_(share.context.loop(), [this] { OnTimer(); }),
      last_input_(ClientTime()),
      frame_began_(last_input_) {
  SetTimer();
}

absl::StatusOr<std::unique_ptr<SocketStream>> SocketStream::Resume(const SocketShare& share,
                                                                   Stream& stream,
                                                                   const v1::SessionState& state) {
  auto end = ServerEnd::Resume(share.end, state.end());
  if (!end.ok()) return end.status();
  auto made = std::make_unique<SocketStream>(share, stream, *std::move(end), state.protocol());
  // The client has no more time than it had.
  const loop::TimePoint now = share.context.loop().now();
  made->last_input_ = TimeOf(state.last_input(), now);
  made->pinged_ = TimeOf(state.pinged(), now);
  made->close_sent_ = TimeOf(state.close_sent(), now);
  if (state.frame_began() != 0) {
    // What has come of it is within the message.
    const auto credit = CreditFor(made->socket_.end_.message_bytes());
    made->frame_began_ = TimeOf(state.frame_began(), now + credit);
  }
  made->SetTimer();
  return made;
}

std::size_t SocketStream::OnInput(absl::string_view input) {
  last_input_ = ClientTime();
  pinged_ = kNever;
  const bool was_within_frame = socket_.end_.is_within_frame();
  const std::uint64_t ended_frames = socket_.end_.ended_frames();
  absl::string_view rest = input;
  while (socket_.stream_.takes_input()) {
    const ServerEnd::Event event = socket_.end_.Next(rest, socket_.out_);
    socket_.Flush();
    if (event == ServerEnd::Event::kNone || !OnEvent(event)) break;
  }
  if (socket_.end_.is_over()) return input.size();
  if (!was_within_frame || socket_.end_.ended_frames() != ended_frames) frame_began_ = last_input_;
  SetTimer();
  return input.size() - rest.size();
}

bool SocketStream::OnEvent(ServerEnd::Event event) {
  const ServerEnd& end = socket_.end_;
  switch (event) {
    case ServerEnd::Event::kText:
      share_.context.stats().requests.Add();
      session_->OnText(end.payload());
      return true;
    case ServerEnd::Event::kBinary:
      share_.context.stats().requests.Add();
      session_->OnBinary(socket_, end.payload());
      return true;
    case ServerEnd::Event::kPong:
      session_->OnPong(end.payload());
      return true;
    case ServerEnd::Event::kClosed:
    case ServerEnd::Event::kFailed:
      timer_.Cancel();
      TellClose(end.close_code(), end.payload());
      socket_.stream_.Close();
      return false;
    case ServerEnd::Event::kNone:
    case ServerEnd::Event::kPing:
      break;
  }
  return true;
}

void SocketStream::SetTimer() {
  if (socket_.end_.is_over()) return timer_.Cancel();
  if (socket_.is_closing()) {
    if (close_sent_ == kNever) close_sent_ = share_.context.loop().now();
    return timer_.Set(close_sent_ + share_.close_timeout);
  }
  const std::optional<loop::TimePoint> ping = PingDeadline();
  const std::optional<loop::TimePoint> frame = FrameDeadline();
  if (!ping.has_value() && !frame.has_value()) return timer_.Cancel();
  const loop::TimePoint earliest =
      std::min(ping.value_or(loop::TimePoint::max()), frame.value_or(loop::TimePoint::max()));
  const loop::Clock::duration left = earliest - ClientTime();
  // While the client is held back nothing is due, and nothing tells when that ends.
  timer_.SetAfter(socket_.stream_.takes_input() ? left
                                                : std::max<loop::Clock::duration>(left, kMostLate));
}

std::optional<loop::TimePoint> SocketStream::PingDeadline() const {
  if (share_.ping_interval <= loop::Clock::duration::zero()) return std::nullopt;
  return pinged_ == kNever ? last_input_ + share_.ping_interval : pinged_ + share_.pong_timeout;
}

std::optional<loop::TimePoint> SocketStream::FrameDeadline() const {
  const ServerEnd& end = socket_.end_;
  if (share_.frame_timeout <= loop::Clock::duration::zero() || !end.is_within_frame()) {
    return std::nullopt;
  }
  return frame_began_ + share_.frame_timeout + FrameCredit();
}

loop::Clock::duration SocketStream::FrameCredit() const {
  return CreditFor(socket_.end_.received_frame_bytes());
}

loop::TimePoint SocketStream::ClientTime() const {
  return share_.context.loop().now() - socket_.stream_.time_held_back();
}

// In the next worker it begins without.
std::int64_t SocketStream::Saved(loop::TimePoint client_time) const {
  return client_time == kNever ? 0 : NanosecondsOf(client_time + socket_.stream_.time_held_back());
}

void SocketStream::OnTimer() {
  if (socket_.is_closing()) {
    socket_.stream_.Close();
    return;
  }
  const loop::TimePoint now = ClientTime();
  if (!socket_.stream_.takes_input()) return SetTimer();
  if (const auto frame = FrameDeadline(); frame.has_value() && *frame <= now) {
    socket_.Close(kPolicyViolation, "the rest of a frame does not come in time").IgnoreError();
    socket_.stream_.Close();
    return;
  }
  const auto ping = PingDeadline();
  if (!ping.has_value() || *ping > now) return SetTimer();
  if (pinged_ != kNever) {
    socket_.Close(kGoingAway, "no answer to a ping").IgnoreError();
    socket_.stream_.Close();
    return;
  }
  socket_.SendPing("").IgnoreError();
  pinged_ = ClientTime();
  SetTimer();
}

std::string SocketStream::Suspend() {
  v1::SessionState state;
  state.set_session(session_->Suspend());
  state.set_end(socket_.end_.Suspend());
  state.set_protocol(socket_.protocol());
  state.set_last_input(Saved(last_input_));
  state.set_pinged(Saved(pinged_));
  if (socket_.end_.is_within_frame()) {
    // The next worker counts from here what comes of it.
    state.set_frame_began(Saved(frame_began_ + FrameCredit()));
  }
  state.set_close_sent(NanosecondsOf(close_sent_));
  return state.SerializeAsString();
}

void SocketStream::OnQuit() {
  session_->OnQuit();
  socket_.Close(kGoingAway, "the server ends").IgnoreError();
}

void SocketStream::TellClose(std::uint16_t code, absl::string_view reason) {
  if (!std::exchange(is_close_told_, true)) session_->OnClose(code, reason);
}

}  // namespace muster::worker::websocket
