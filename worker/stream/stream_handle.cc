#include "muster/worker/stream/stream_handle.h"

namespace muster::worker {

void StreamLink::Post(Task task) {
  if (is_gone()) return;
  context_.Post([self = shared_from_this(), task = std::move(task)] {
    if (!self->is_gone()) self->callbacks_.run(task);
  });
}

void StreamLink::Release() {
  if (std::this_thread::get_id() == loop_thread_) return ReleaseHere();
  if (is_gone()) return;
  context_.Post([self = shared_from_this()] { self->ReleaseHere(); });
}

void StreamLink::ReleaseHere() const {
  if (!is_gone()) callbacks_.release();
}

StreamHold::StreamHold(std::shared_ptr<StreamLink> link) {
  StreamLink* const held = link.get();
  link_ = std::shared_ptr<StreamLink>(
      held, [link = std::move(link)](StreamLink* released) { released->Release(); });
}

}  // namespace muster::worker
