#include "muster/master/handoff/handoff_partners.h"

#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::master {

std::shared_ptr<const HandoffEnds> ClosedAtItsEnd(HandoffEnds ends,
                                                  std::shared_ptr<const bool> is_trial) {
  const auto close = [is_trial = std::move(is_trial)](const HandoffEnds* queue) {
    if (is_trial == nullptr || !*is_trial) queue->CloseAll();
    delete queue;
  };
  return {new HandoffEnds(std::move(ends)), close};
}

absl::StatusOr<std::shared_ptr<const HandoffEnds>> HandoffPartners::QueueOf(
    std::uint64_t generation, const WorkerLaunch& launch, bool may_be_other_users) {
  if (generation == serving_.generation) return serving_.queue;
  if (next_.has_value() && next_->generation == generation) return next_->queue;
  const bool are_partners =
      !serving_.launch.has_value() || may_be_other_users || serving_.launch->HasSameUser(launch);
  next_.emplace(Partner{generation, launch, serving_.queue});
  if (are_partners) return next_->queue;
  absl::StatusOr<HandoffEnds> ends = HandoffEnds::Create();
  if (!ends.ok()) {
    next_.reset();
    return ends.status();
  }
  next_->queue = ClosedAtItsEnd(*std::move(ends));
  return next_->queue;
}

void HandoffPartners::OnCommit() {
  if (!next_.has_value()) return;
  serving_ = *std::move(next_);
  next_.reset();
}

void HandoffPartners::Resume(std::uint64_t generation, WorkerLaunch launch,
                             std::shared_ptr<const HandoffEnds> queue) {
  serving_ = Partner{generation, std::move(launch), std::move(queue)};
  next_.reset();
}

}  // namespace muster::master
