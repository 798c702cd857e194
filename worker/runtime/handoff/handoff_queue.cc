#include "muster/worker/runtime/handoff/handoff_queue.h"

#include "muster/ipc/base/status.h"

namespace muster::worker {

absl::StatusOr<std::unique_ptr<HandoffQueue>> HandoffQueue::Create(const Surroundings& surroundings,
                                                                   ipc::UniqueFd take,
                                                                   ipc::UniqueFd give,
                                                                   Callbacks callbacks) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel take_channel, ipc::Channel::Adopt(std::move(take)));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel give_channel, ipc::Channel::Adopt(std::move(give)));
  return std::unique_ptr<HandoffQueue>(new HandoffQueue(
      surroundings, std::move(take_channel), std::move(give_channel), std::move(callbacks)));
}

HandoffQueue::HandoffQueue(const Surroundings& surroundings, ipc::Channel take, ipc::Channel give,
                           Callbacks callbacks)
    : intake_(surroundings, std::move(take), callbacks.adopt,
              std::move(callbacks.measure_capacity)),
      outlet_(surroundings, intake_, std::move(give),
              {std::move(callbacks.adopt), std::move(callbacks.room)}) {}

void HandoffQueue::StartGiving() {
  intake_.Stop();
  outlet_.Start();
}

void HandoffQueue::StartTakingAll() {
  outlet_.Stop();
  intake_.StartTakingAll();
}

}  // namespace muster::worker
