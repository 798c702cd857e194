#include "muster/worker/http/pieces/streamed_body.h"

#include "muster/worker/http/pieces/guarded_call.h"

namespace muster::worker::http {

void StreamedBody::Write(absl::string_view bytes) {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_over() || bytes.empty()) return;
    if (gathered_.size() + taken_unsent_ > options_.max_unsent_bytes) {
      is_aborted_ = true;
      must_wake = MustWake();
    } else {
      gathered_.append(bytes.data(), bytes.size());
      const bool is_due =
          gathered_.size() >= kGatheredBytes || std::this_thread::get_id() == loop_thread_;
      must_wake = is_due && MustWake();
    }
  }
  if (must_wake) Wake();
}

void StreamedBody::Flush() {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    must_wake = !is_over() && !gathered_.empty() && MustWake();
  }
  if (must_wake) Wake();
}

void StreamedBody::End(Trailers trailers) {
  Trailers sent;
  for (auto& [name, value] : trailers) {
    const absl::Status status = CheckTrailer(name, value);
    if (status.ok()) {
      sent.emplace_back(std::move(name), std::move(value));
    } else {
      context_.Post(
          [&log = log_, reason = std::string(status.message())] { log.OnBadTrailer(reason); });
    }
  }
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_over()) return;
    is_ended_ = true;
    trailers_ = std::move(sent);
    must_wake = MustWake();
  }
  if (must_wake) Wake();
}

void StreamedBody::Abort() {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_over()) return;
    is_aborted_ = true;
    must_wake = MustWake();
  }
  if (must_wake) Wake();
}

std::uint64_t StreamedBody::unsent_bytes() const {
  const std::lock_guard lock(mutex_);
  return gathered_.size() + taken_unsent_;
}

void StreamedBody::Wake() {
  context_.Post([self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->is_woken_ = false;
    }
    // A copy: the call may end the response, and with it the original.
    const std::function<void()> on_pieces = self->on_pieces_;
    if (on_pieces != nullptr) on_pieces();
  });
}

StreamedBody::Pieces StreamedBody::Take() {
  Pieces pieces;
  const std::lock_guard lock(mutex_);
  pieces.is_aborted = is_aborted_;
  pieces.is_end = is_ended_;
  pieces.bytes.swap(gathered_);
  pieces.trailers.swap(trailers_);
  taken_unsent_ += pieces.bytes.size();
  if (!pieces.bytes.empty()) owes_writable_ = true;
  return pieces;
}

void StreamedBody::SetTakenUnsent(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_unsent_ = bytes;
}

void StreamedBody::TellWritable() {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_over() || !owes_writable_) return;
    if (gathered_.empty()) {
      owes_writable_ = false;
    } else if (MustWake()) {
      // Another thread may wait for the notice, and so write no more until these bytes are sent.
      must_wake = true;
    } else {
      return;
    }
  }
  if (must_wake) return Wake();
  Tell(options_.on_writable, "StreamOptions::on_writable");
}

void StreamedBody::TellInputEnd() {
  if (std::exchange(is_input_end_told_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    if (is_over()) return;
  }
  Tell(options_.on_input_end, "StreamOptions::on_input_end");
}

void StreamedBody::Tell(const std::function<void()>& notice, absl::string_view name) {
  if (notice != nullptr && !GuardedCall(log_, name, notice)) Abort();
}

void StreamedBody::Cut() {
  // What the functions own may own this.
  const std::shared_ptr<StreamedBody> self = shared_from_this();
  bool must_tell = false;
  std::string dropped;
  {
    const std::lock_guard lock(mutex_);
    if (is_gone()) return;
    is_gone_.store(true, std::memory_order_relaxed);
    must_tell = !is_ended_;
    taken_unsent_ = 0;
    dropped.swap(gathered_);
  }
  on_pieces_ = nullptr;
  const StreamOptions functions = {.on_writable = std::move(options_.on_writable),
                                   .on_input_end = std::move(options_.on_input_end),
                                   .on_gone = std::move(options_.on_gone)};
  options_.on_writable = options_.on_input_end = options_.on_gone = nullptr;
  if (must_tell) Tell(functions.on_gone, "StreamOptions::on_gone");
}

}  // namespace muster::worker::http
