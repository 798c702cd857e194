// The turns of a stream: what begins them, what happens in them, and what is waited for after them.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/worker/stream/stream.h"
#include "muster/worker/stream/stream_set.h"

namespace muster::worker {
namespace {

constexpr int kRoundsPerTurn = 8;

}  // namespace

void Stream::Enqueue() {
  if (is_over_ || std::exchange(is_queued_, true)) return;
  set_.Enqueue(*this);
}

void Stream::Begin() {
  BeginTurn();
  Guard("Protocol::Begin", [this] { session_ = set_.protocol().Begin(*this); });
  if (session_ == nullptr) EndFor("Protocol::Begin", "it made no session");
  if (set_.drain().has_value()) TellDrain();
  Work();
}

void Stream::OnEvents(std::uint32_t events) {
  BeginTurn();
  if (is_lingering_) {
    Linger();
    return Work();
  }
  if ((events & EPOLLOUT) != 0) {
    if (is_blocked_) {
      Flush();
    } else {
      is_woken_in_vain_ = true;
    }
  }
  if (MayReceive()) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive();
  } else if ((events & EPOLLERR) != 0) {
    End();
  } else {
    if ((events & EPOLLHUP) != 0) is_hung_up_ = true;
    if ((events & (EPOLLIN | EPOLLHUP)) != 0) is_woken_in_vain_ = true;
  }
  Work();
}

void Stream::OnTimer() {
  using Reason = StreamDeadline::Reason;
  if (is_lingering_) return End();
  const auto deadline = DeadlineOf(Times(), set_.settings());
  if (!deadline.has_value() || deadline->at > set_.now()) return SetTimer();
  BeginTurn();
  const bool is_for_input = deadline->reason == Reason::kIdle || deadline->reason == Reason::kRead;
  // What has come in time may be unread: the worker was busy.
  if (!(is_for_input && MayReceive() && Receive())) {
    switch (deadline->reason) {
      case Reason::kIdle:
        End();
        break;
      case Reason::kRead:
        EndFor("read_timeout", absl::StrCat("its session waits for the rest of ", input_.size(),
                                            " bytes of input"));
        break;
      case Reason::kWrite:
        EndFor("write_timeout", absl::StrCat("it takes none of ", unsent_bytes(), " bytes"));
        break;
      case Reason::kClose:
        EndFor("close_timeout", absl::StrCat("it has not taken ", unsent_bytes(), " bytes"));
        break;
    }
  }
  Work();
}

void Stream::BeginTurn() {
  is_in_turn_ = true;
  output_.Lend(set_.spare());
}

void Stream::Work() {
  is_queued_ = false;
  if (!is_over_) place_.Leave();
  BeginTurn();
  for (int round = 0; !is_over_ && !is_lingering_; ++round) {
    if (round == kRoundsPerTurn) {
      Enqueue();
      break;
    }
    Offer();
    OfferEnd();
    Quit();
    if (is_over_ || is_blocked_ || !Flush()) break;
    if (!std::exchange(owes_writable_, false) || is_closing_) break;
    is_offered_ = false;
    Guard("Session::OnWritable", [this] { session_->OnWritable(); });
  }
  EndTurn();
}

void Stream::EndTurn() {
  if (!is_over_ && !is_lingering_ && output_.empty()) {
    if (is_output_ending_ && !std::exchange(is_output_ended_, true)) {
      ::shutdown(connection_.fd.get(), SHUT_WR);
    }
    if (is_closing_) {
      FinishClosing();
    } else if (is_input_end_told_ && (is_output_ended_ || is_hung_up_)) {
      End();
    }
  }
  output_.GiveBack(set_.spare());
  is_in_turn_ = false;
  if (!is_over_ && set_.drain() == Service::Idle::kHandOff && TryHandOff()) return;
  if (is_over_) return input_.Clear();
  input_.Keep();
  Watch();
  SetTimer();
}

void Stream::Watch() {
  const bool reads = is_lingering_ || MayReceive();
  const std::uint32_t wanted =
      (reads ? std::uint32_t{EPOLLIN} : 0) | (is_blocked_ ? std::uint32_t{EPOLLOUT} : 0);
  // Such an end is told again and again.
  if (wanted == 0 && is_hung_up_) return Unwatch();
  const bool was_in_vain = std::exchange(is_woken_in_vain_, false);
  // What is not wanted for a moment, as between Pause and Resume, costs nothing until it comes.
  if (is_watched_ && !was_in_vain && (wanted & ~watched_events_) == 0) return;
  loop::EventLoop& loop = set_.loop();
  const int fd = connection_.fd.get();
  const absl::Status status =
      is_watched_ ? loop.Modify(fd, wanted, this) : loop.Add(fd, wanted, this);
  if (!status.ok()) return EndFor("epoll", status.message());
  is_watched_ = true;
  watched_events_ = wanted;
}

void Stream::Unwatch() {
  if (!std::exchange(is_watched_, false)) return;
  set_.loop().Remove(connection_.fd.get(), this);
}

StreamTimes Stream::Times() const {
  StreamTimes times;
  times.last_activity = last_activity_;
  times.is_busy = is_busy();
  if (!input_.empty() && is_offered_) times.unread_since = unread_since_;
  if (is_blocked_) times.unsent_since = unsent_since_;
  if (is_closing_) times.closing_since = closing_since_;
  return times;
}

void Stream::SetTimer() {
  if (is_over_) return;
  const auto deadline = DeadlineOf(Times(), set_.settings());
  if (!deadline.has_value()) return timer_.Cancel();
  timer_.Set(is_lingering_ ? std::min(deadline->at, linger_until_) : deadline->at);
}

}  // namespace muster::worker
