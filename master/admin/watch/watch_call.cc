#include "muster/master/admin/watch/watch_call.h"

#include "muster/master/admin/call/leaving.h"

namespace muster::master {

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchCall::Begin(Feed& feed, const Terms& terms,
                                                             Source source, std::atomic<int>& count,
                                                             const Follow& follow, Ended ended) {
  const std::shared_ptr<WatchCall> call(
      new WatchCall(feed, terms.position, std::move(source), count, std::move(ended)));
  count.fetch_add(1, std::memory_order_relaxed);
  call->self_ = call;
  if (follow) {
    call->following_ =
        follow([self = call.get()](const grpc::Status& why) { self->FinishOnce(why); });
  }
  feed.Join(call, terms.kind, terms.interval);
  return call.get();
}

void WatchCall::Look() {
  {
    const std::lock_guard lock(mutex_);
    if (is_finished_) return;
    if (is_writing_) return (void)(has_more_ = true);
  }
  WatchMessage message = source_(position_, is_first_);
  position_ = message.next;
  if (message.bytes == nullptr) return;
  is_first_ = false;
  const std::lock_guard lock(mutex_);
  if (is_finished_) return;
  message_ = std::move(message.bytes);
  is_writing_ = true;
  has_more_ = !message.is_last;
  // gRPC calls nothing of this from within StartWrite or Finish.
  StartWrite(message_.get());
}

void WatchCall::End() { FinishOnce(LeavingStatus()); }

void WatchCall::OnWriteDone(bool is_written) {
  if (!is_written) return OnCancel();
  feed_.AwaitPause();
  {
    const std::lock_guard lock(mutex_);
    is_writing_ = false;
    message_.reset();
    if (!has_more_) return;
    has_more_ = false;
  }
  feed_.LookAgain(this);
}

void WatchCall::OnCancel() {
  feed_.Leave(this);
  FinishOnce(grpc::Status::CANCELLED);
}

void WatchCall::OnDone() {
  following_.reset();
  feed_.Leave(this);
  // Nobody calls anything of this any more, but End and a denial, which do nothing.
  if (ended_) ended_(code_);
  count_.fetch_sub(1, std::memory_order_relaxed);
  // The feed may be about to have it look: it is finished, and does nothing then.
  const std::shared_ptr<WatchCall> last = std::move(self_);
}

void WatchCall::FinishOnce(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (is_finished_) return;
  is_finished_ = true;
  code_ = status.error_code();
  Finish(status);
}

}  // namespace muster::master
