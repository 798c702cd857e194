#include "muster/worker/http/pieces/body_source.h"

#include "muster/worker/http/pieces/guarded_call.h"

namespace muster::worker::http {

void BodySource::Pause() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_paused_, true) || std::exchange(is_changed_, true)) return;
  }
  Change();
}

void BodySource::Resume() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_paused_, false) || std::exchange(is_changed_, true)) return;
  }
  Change();
}

bool BodySource::is_paused() const {
  const std::lock_guard lock(mutex_);
  return is_paused_;
}

void BodySource::Change() {
  context_.Post([self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->is_changed_ = false;
    }
    self->Deliver();
    // A copy: the call may end the request, and with it the original.
    const std::function<void()> on_change = self->on_change_;
    if (on_change != nullptr) on_change();
  });
}

void BodySource::Add(absl::string_view piece) {
  if (is_over_ || is_muted_ || piece.empty()) return;
  if (!waiting_.empty() || is_paused()) {
    waiting_.append(piece.data(), piece.size());
  } else {
    TellPiece(piece);
  }
}

void BodySource::TellPiece(absl::string_view piece) {
  if (events_.on_piece == nullptr) return;
  if (!GuardedCall(log_, "BodyEvents::on_piece", [&] { events_.on_piece(piece); })) Fail();
}

void BodySource::Fail() {
  is_muted_ = true;
  const std::function<void()> on_failure = std::exchange(on_failure_, nullptr);
  if (on_failure != nullptr) on_failure();
}

void BodySource::Complete() {
  is_complete_ = true;
  Deliver();
}

void BodySource::Deliver() {
  if (is_over_ || is_muted_ || is_paused()) return;
  const std::string piece = std::exchange(waiting_, {});
  if (!piece.empty()) TellPiece(piece);
  if (is_complete_ && !is_muted_ && !is_paused()) {
    Finish(&BodyEvents::on_end, "BodyEvents::on_end");
  }
}

void BodySource::Close(bool must_know) {
  if (is_over_) return;
  Finish(must_know && !is_muted_ ? &BodyEvents::on_gone : nullptr, "BodyEvents::on_gone");
}

void BodySource::Finish(std::function<void()> BodyEvents::*last_call, absl::string_view name) {
  // What the functions own may own this.
  const std::shared_ptr<BodySource> self = shared_from_this();
  is_over_ = true;
  waiting_.clear();
  const BodyEvents events = std::exchange(events_, {});
  if (last_call == nullptr || events.*last_call == nullptr) return;
  if (!GuardedCall(log_, name, events.*last_call)) Fail();
}

}  // namespace muster::worker::http
