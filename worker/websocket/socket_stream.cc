#include "muster/worker/websocket/socket_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"

namespace muster::worker::websocket {
namespace {

constexpr loop::TimePoint kNever = {};

std::int64_t NanosecondsOf(loop::TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// Never later than now, since it may come from a broken peer.
loop::TimePoint TimeOf(std::int64_t nanoseconds, loop::TimePoint now) {
  return std::min(loop::TimePoint(std::chrono::nanoseconds(std::max<std::int64_t>(nanoseconds, 0))),
                  now);
}

}  // namespace

SocketStream::SocketStream(const SocketShare& share, Stream& stream, ServerEnd end,
                           std::string protocol)
    : share_(share),
      socket_(stream, std::move(end), std::move(protocol), [this] { SetTimer(); }),
      timer_(share.context.loop(), [this] { OnTimer(); }),
      last_input_(share.context.loop().now()) {
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
  made->SetTimer();
  return made;
}

std::size_t SocketStream::OnInput(absl::string_view input) {
  last_input_ = share_.context.loop().now();
  pinged_ = kNever;
  absl::string_view rest = input;
  while (socket_.stream_.takes_input()) {
    const ServerEnd::Event event = socket_.end_.Next(rest, socket_.out_);
    socket_.Flush();
    if (event == ServerEnd::Event::kNone || !OnEvent(event)) break;
  }
  if (socket_.end_.is_over()) return input.size();
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
  if (share_.ping_interval <= loop::Clock::duration::zero()) return timer_.Cancel();
  timer_.Set(pinged_ == kNever ? last_input_ + share_.ping_interval
                               : pinged_ + share_.pong_timeout);
}

void SocketStream::OnTimer() {
  if (socket_.is_closing()) {
    socket_.stream_.Close();
    return;
  }
  if (!socket_.stream_.takes_input()) {
    // What it sends is not read, so nothing can be concluded. write_timeout bounds output.
    last_input_ = share_.context.loop().now();
    pinged_ = kNever;
    return SetTimer();
  }
  if (pinged_ != kNever) {
    socket_.Close(kGoingAway, "no answer to a ping").IgnoreError();
    socket_.stream_.Close();
    return;
  }
  socket_.SendPing("").IgnoreError();
  pinged_ = share_.context.loop().now();
  SetTimer();
}

std::string SocketStream::Suspend() {
  v1::SessionState state;
  state.set_session(session_->Suspend());
  state.set_end(socket_.end_.Suspend());
  state.set_protocol(socket_.protocol());
  state.set_last_input(NanosecondsOf(last_input_));
  state.set_pinged(NanosecondsOf(pinged_));
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
