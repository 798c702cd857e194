#include "muster/worker/runtime/heartbeat.h"

#include <utility>

namespace muster::worker {

Heartbeat::Heartbeat(loop::TimerQueue& timers, const ipc::Registry& registry, ipc::OwnerTag tag,
                     std::function<void()> then)
    : timers_(timers),
      registry_(registry),
      tag_(tag),
      then_(std::move(then)),
      timer_(timers, [this] { Beat(); }) {
  Beat();
}

void Heartbeat::Beat() {
  registry_.PublishHeartbeat(tag_, timers_.now());
  then_();
  timer_.SetAfter(kInterval);
}

}  // namespace muster::worker
