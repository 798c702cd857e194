// The part of a stream in a drain: how it leaves its worker, and how it begins in the next one.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/worker/stream/stream.h"
#include "muster/worker/stream/stream_set.h"

namespace muster::worker {

void Stream::TellDrain() {
  if (is_over_ || session_ == nullptr || std::exchange(is_drain_told_, true)) return;
  Guard("Session::OnDrain", [this] { session_->OnDrain(); });
}

// Nobody takes over.
void Stream::Quit() {
  if (set_.drain() != Service::Idle::kClose || is_closing_ || is_over_ || is_busy()) return;
  Guard("Session::OnQuit", [this] { session_->OnQuit(); });
  Close();
}

bool Stream::FitsHandoff(std::size_t session_bytes, std::size_t limit_bytes) const {
  return worker::FitsHandoff({.session = session_bytes,
                              .unread = input_.size(),
                              .unsent = static_cast<std::size_t>(output_.memory_bytes()),
                              .has_ended_side = is_output_ending_ || is_input_end_told_},
                             limit_bytes);
}

bool Stream::TryHandOff() {
  if (is_closing_ || is_busy() || output_.has_file()) return false;
  Context& context = set_.context();
  const std::size_t limit_bytes = context.MostHandoffStateBytes();
  const bool fits_now = FitsHandoff(refused_session_bytes_, limit_bytes);
  if (!fits_now || !context.HasHandoffRoom()) {
    // If it is queued, it asks again in its next turn.
    if (is_queued_) return false;
    if (fits_now) {
      set_.AwaitRoom(*this);
    } else {
      set_.AwaitLongerStates(*this, limit_bytes);
    }
    return false;
  }
  // Otherwise the next session, whose OnWritable comes when it is sent, would wait in vain.
  const bool may_send = output_.empty();
  std::string session;
  is_in_turn_ = true;
  const bool is_suspended = Guard("Session::Suspend", [&] { session = session_->Suspend(); });
  is_paused_ = false;  // it was not before, and who paused is suspended
  NoteHeldBack();
  // So it is found out here if the client is gone.
  if (is_suspended && may_send && !is_over_) Flush();
  is_in_turn_ = false;
  if (is_over_) return false;
  if (is_closing_) {
    Enqueue();
    return false;
  }
  const std::size_t most = set_.settings().max_session_bytes;
  if (session.size() > most) {
    set_.Log(config::v1::Log::ERROR, "closed for max_session_bytes",
             absl::StrCat("its session was suspended into ", session.size(), " bytes, at most ",
                          most, " can be handed off"));
    End();
    return false;
  }
  const bool fits = FitsHandoff(session.size(), limit_bytes);
  if (!fits || output_.has_file() || is_busy()) {
    if (!fits) refused_session_bytes_ = session.size();
    GoOn(std::move(session));
    return false;
  }
  StreamState state = TakeState();
  state.session = std::move(session);
  // Explicitly: the socket stays open elsewhere, and with it its place in the epoll set.
  Unwatch();
  Connection connection = std::move(connection_);
  set_.Remove(*this).reset();
  context.HandOff(std::move(connection), state.Serialize());
  return true;
}

StreamState Stream::TakeState() {
  StreamState state;
  if (!input_.empty()) state.unread_since = unread_since_;
  if (is_blocked_) state.unsent_since = unsent_since_;
  state.last_activity = last_activity_;
  state.origin = SaveOrigin(connection_.origin);
  state.output_ended = is_output_ending_;
  state.input_ended = is_input_end_told_;
  set_.CountUnsent(-static_cast<std::int64_t>(output_.memory_bytes()));
  state.unread = input_.Take();
  state.unsent = output_.Take();
  return state;
}

void Stream::GoOn(std::string state) {
  session_.reset();
  is_offered_ = false;
  is_drain_told_ = false;
  if (const absl::Status status = MakeSession(std::move(state)); !status.ok()) {
    return EndFor("its session, which does not go on", status.message());
  }
  TellDrain();
  Enqueue();
}

absl::Status Stream::MakeSession(std::string state) {
  is_in_turn_ = true;  // what it writes is sent in the turn that follows
  absl::StatusOr<std::unique_ptr<Session>> made;
  try {
    made = set_.protocol().Resume(*this, std::move(state));
  } catch (...) {
    made = absl::InternalError(absl::StrCat("Protocol::Resume: ", ExceptionText()));
  }
  is_in_turn_ = false;
  if (!made.ok()) return made.status();
  if (*made == nullptr) return absl::InternalError("Protocol::Resume made no session");
  session_ = *std::move(made);
  return absl::OkStatus();
}

absl::Status Stream::Restore(StreamState state) {
  RestoreOrigin(state.origin, connection_);
  const loop::TimePoint now = set_.now();
  // If it is not told, and never later than now.
  const auto told = [now](loop::TimePoint time) {
    return time == loop::TimePoint() ? now : std::min(time, now);
  };
  last_activity_ = told(state.last_activity);
  unread_since_ = told(state.unread_since);
  unsent_since_ = told(state.unsent_since);
  is_input_ended_ = is_input_end_told_ = state.input_ended;
  is_output_ending_ = state.output_ended;
  input_.Append(state.unread);
  if (!state.unsent.empty()) {
    // The client has no more time than it had.
    is_blocked_ = true;
    NoteHeldBack();
    output_.Append(state.unsent);
    set_.CountUnsent(static_cast<std::int64_t>(output_.memory_bytes()));
    // What the client does not take counts against the bounds here, as what is written does.
    Flush();
  }
  const absl::Status status = MakeSession(std::move(state.session));
  if (status.ok() && set_.drain().has_value()) TellDrain();
  return status;
}

}  // namespace muster::worker
