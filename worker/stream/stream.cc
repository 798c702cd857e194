#include "muster/worker/stream/stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/worker/stream/stream_set.h"

namespace muster::worker {
namespace {

// So much output is sent before the end of a turn.
constexpr std::size_t kGatherBytes = 64 << 10;
// Of one client, before others have their turn.
constexpr std::uint64_t kSentPerFlush = 2 << 20;
// How long a client may take to notice that it is closed, while it sends.
constexpr std::chrono::seconds kLingerTime(5);

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

void Session::OnInputEnd(Stream& stream) { stream.Close(); }

Stream::Stream(StreamSet& set, Connection connection)
    : set_(set),
      connection_(std::move(connection)),
      timer_(set.loop(), [this] { OnTimer(); }),
      last_activity_(set.now()),
      unread_since_(last_activity_) {}

Stream::~Stream() {
  is_over_ = true;  // what the session still asks for has no effect
  if (link_ != nullptr) link_->Cut();
  set_.CountUnsent(-static_cast<std::int64_t>(output_.memory_bytes()));
  output_.Clear();
  session_.reset();
  Unwatch();
}

// ---- What a session may call ----

void Stream::Write(absl::string_view bytes) {
  if (is_over_ || is_closing_ || is_output_ending_ || bytes.empty()) return;
  output_.Append(bytes);
  OnWritten(bytes.size());
}

void Stream::Write(absl::Cord bytes) {
  if (is_over_ || is_closing_ || is_output_ending_ || bytes.empty()) return;
  const std::size_t size = bytes.size();
  output_.Append(std::move(bytes));
  OnWritten(size);
}

void Stream::Write(FileRange file) {
  if (is_over_ || is_closing_ || is_output_ending_ || file.bytes == 0) return;
  output_.Append(std::move(file));
  OnWritten(0);
}

void Stream::OnWritten(std::uint64_t memory_bytes) {
  set_.CountUnsent(static_cast<std::int64_t>(memory_bytes));
  // Usually it is gathered, and Flush looks at the bounds.
  if (is_in_turn_ && !is_blocked_ && output_.memory_bytes() < kGatherBytes) return;
  if (is_blocked_) {
    BoundOutput();
  } else if (output_.memory_bytes() >= kGatherBytes) {
    Flush();
  }
  const bool is_awaited = is_blocked_ && is_watched_ && (watched_events_ & EPOLLOUT) != 0;
  if (!is_in_turn_ && !is_awaited) Enqueue();
}

void Stream::BoundOutput() {
  const std::size_t most = set_.settings().max_unsent_bytes;
  if (output_.memory_bytes() > most) {
    EndFor("max_unsent_bytes", absl::StrCat("it has not taken ", output_.memory_bytes(),
                                            " bytes, at most ", most, " may wait"));
  }
  set_.BoundUnsent();
}

void Stream::Resume() {
  if (!std::exchange(is_paused_, false)) return;
  NoteHeldBack();
  is_offered_ = false;
  last_activity_ = set_.now();
  if (!is_in_turn_) Enqueue();
}

void Stream::NoteHeldBack() {
  const bool is_held_back = is_paused_ || is_blocked_;
  if (is_held_back == held_back_since_.has_value()) return;
  if (is_held_back) {
    held_back_since_ = set_.now();
  } else {
    held_back_ += set_.now() - *std::exchange(held_back_since_, std::nullopt);
  }
}

loop::Clock::duration Stream::time_held_back() const {
  return held_back_ + (held_back_since_.has_value() ? set_.now() - *held_back_since_
                                                    : loop::Clock::duration::zero());
}

Stream::Hold Stream::TakeHold() {
  if (is_over_) return Hold();
  ++holds_;
  return Hold(link());
}

void Stream::OnHoldReleased() {
  if (--holds_ > 0) return;
  last_activity_ = set_.now();
  if (is_in_turn_) return;
  if (set_.drain().has_value()) {
    Enqueue();
  } else {
    SetTimer();
  }
}

void Stream::EndOutput() {
  is_output_ending_ = true;
  if (!is_in_turn_) Enqueue();
}

void Stream::Close() {
  if (is_over_ || std::exchange(is_closing_, true)) return;
  closing_since_ = set_.now();
  if (!is_in_turn_) Enqueue();
}

void Stream::Abort() {
  if (is_over_) return;
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(connection_.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  End();
}

const std::shared_ptr<StreamLink>& Stream::link() {
  if (link_ == nullptr) {
    link_ = std::make_shared<StreamLink>(
        set_.context(), StreamLink::Callbacks{.run =
                                                  [this](const StreamLink::Task& task) {
                                                    Guard("a task of its handle",
                                                          [&] { task(*this); });
                                                  },
                                              .release = [this] { OnHoldReleased(); }});
    if (is_over_) link_->Cut();
  }
  return link_;
}

// ---- The end ----

void Stream::End() {
  if (std::exchange(is_over_, true)) return;
  Unwatch();
  timer_.Cancel();
  if (link_ != nullptr) link_->Cut();
  set_.CountUnsent(-static_cast<std::int64_t>(output_.memory_bytes()));
  output_.Clear();
  set_.Bury(*this);
}

void Stream::EndFor(absl::string_view reason, absl::string_view details) {
  if (is_over_) return;
  set_.Log(config::v1::Log::INFO, absl::StrCat("closed for ", reason), details);
  End();
}

void Stream::OnException(const char* name, absl::string_view text) {
  set_.Log(config::v1::Log::ERROR, "closed for an exception", absl::StrCat(name, ": ", text));
  End();
}

void Stream::TellEnd() {
  if (session_ == nullptr) return;
  Guard("Session::OnEnd", [this] { session_->OnEnd(); });
}

// ---- Input ----

bool Stream::MayReceive() const {
  return takes_input() && !is_input_ended_ && input_.size() < set_.settings().max_unread_bytes;
}

bool Stream::Receive() {
  const bool is_first = input_.empty();
  const std::size_t room =
      std::min(set_.settings().max_unread_bytes - input_.size(), StreamSet::kInputBytes);
  char* const to = is_first ? set_.input() : input_.Room(room).data();
  const ssize_t received =
      ipc::RetryOnEintr([&] { return ::recv(connection_.fd.get(), to, room, 0); });
  if (received < 0) {
    if (!IsBlocked(errno)) End();
    return false;
  }
  if (received == 0) {
    is_input_ended_ = true;
    return true;
  }
  const auto size = static_cast<std::size_t>(received);
  set_.context().stats().bytes_received.Add(size);
  last_activity_ = set_.now();
  is_offered_ = false;
  if (is_first) {
    unread_since_ = last_activity_;
    input_.Borrow(absl::string_view(to, size));
  } else {
    input_.Commit(size);
  }
  return true;
}

bool Stream::MayOffer() const { return takes_input() && !is_offered_ && !input_.empty(); }

void Stream::Offer() {
  bool is_any_consumed = false;
  while (MayOffer()) {
    const absl::string_view input = input_.bytes();
    std::size_t consumed = 0;
    if (!Guard("Session::OnInput", [&] { consumed = session_->OnInput(input); })) return;
    if (consumed > input.size()) {
      return EndFor("OnInput",
                    absl::StrCat("it consumed ", consumed, " of ", input.size(), " bytes"));
    }
    if (consumed == 0) {
      is_offered_ = !is_paused_;
      break;
    }
    is_any_consumed = true;
    input_.Consume(consumed);
    if (output_.memory_bytes() >= kGatherBytes && !is_blocked_ && !is_over_) Flush();
  }
  if (is_any_consumed) unread_since_ = set_.now();
  // A session that has output to be taken may wait for that.
  if (!is_offered_ || !output_.empty() || is_closing_ || is_over_) return;
  const std::size_t most = set_.settings().max_unread_bytes;
  if (input_.size() < most) return;
  EndFor("max_unread_bytes",
         absl::StrCat("its session consumes nothing of ", input_.size(), " bytes of input"));
}

void Stream::OfferEnd() {
  if (!is_input_ended_ || is_input_end_told_ || is_paused_ || is_blocked_ || is_closing_ ||
      is_over_) {
    return;
  }
  if (!input_.empty() && !(is_offered_ && output_.empty())) return;
  is_input_end_told_ = true;
  Guard("Session::OnInputEnd", [this] { session_->OnInputEnd(*this); });
}

// ---- Output ----

bool Stream::Flush() {
  if (output_.empty()) return true;
  const std::uint64_t before = output_.bytes();
  const std::uint64_t memory_before = output_.memory_bytes();
  const OutputQueue::Outcome outcome = output_.Send(connection_.fd.get(), kSentPerFlush);
  const std::uint64_t sent = before - output_.bytes();
  set_.CountUnsent(-static_cast<std::int64_t>(memory_before - output_.memory_bytes()));
  set_.context().stats().bytes_sent.Add(sent);
  if (sent > 0) last_activity_ = set_.now();
  if (sent > 0 || !is_blocked_) unsent_since_ = set_.now();
  switch (outcome) {
    case OutputQueue::Outcome::kSent:
      is_blocked_ = false;
      NoteHeldBack();
      owes_writable_ = true;
      return true;
    case OutputQueue::Outcome::kBlocked:
    case OutputQueue::Outcome::kPaused:
      is_blocked_ = true;
      NoteHeldBack();
      BoundOutput();
      break;
    case OutputQueue::Outcome::kFailed:
      End();
      break;
    case OutputQueue::Outcome::kFileEnded:
      set_.Log(config::v1::Log::ERROR, "closed for a file",
               absl::StrCat("it ended ", output_.bytes(), " bytes before the end of the output"));
      Abort();
      break;
  }
  return false;
}

// A client that is sending would get a reset, which can overtake what it has to read.
void Stream::FinishClosing() {
  if (is_input_ended_) return End();
  const bool has_left_input = !input_.empty();
  input_.Clear();
  const ssize_t received = ipc::RetryOnEintr(
      [this] { return ::recv(connection_.fd.get(), set_.input(), StreamSet::kInputBytes, 0); });
  if (received == 0 || (received < 0 && !(IsBlocked(errno) && has_left_input))) return End();
  is_lingering_ = true;
  linger_until_ = set_.now() + kLingerTime;
  ::shutdown(connection_.fd.get(), SHUT_WR);
}

void Stream::Linger() {
  const ssize_t received = ipc::RetryOnEintr(
      [this] { return ::recv(connection_.fd.get(), set_.input(), StreamSet::kInputBytes, 0); });
  if (received == 0 || (received < 0 && !IsBlocked(errno))) End();
}

}  // namespace muster::worker
