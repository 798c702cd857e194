#ifndef MUSTER_MASTER_HANDOFF_HANDOFF_PARTNERS_H_
#define MUSTER_MASTER_HANDOFF_HANDOFF_PARTNERS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/master/deployment/worker_launch.h"
#include "muster/master/handoff/handoff_ends.h"

namespace muster::master {

// A queue that is emptied when nobody has it any more, unless `is_trial` is true then: what a
// worker has left in it may linger, and is not waited for.
std::shared_ptr<const HandoffEnds> ClosedAtItsEnd(HandoffEnds ends,
                                                  std::shared_ptr<const bool> is_trial = nullptr);

// Which generations share a queue to hand connections off by. Whoever has both ends of one can take
// connections, and say anything of those that it gives. So a generation whose workers run as other
// users gets a queue of its own, unless its configuration allows the opposite. One thread.
class HandoffPartners {
 public:
  // `first`: the queue of the first generation.
  explicit HandoffPartners(std::shared_ptr<const HandoffEnds> first)
      : serving_{0, std::nullopt, std::move(first)} {}

  // For a worker of `generation`. That of a new generation is chosen by what the serving one is
  // now. Fails for want of a descriptor.
  absl::StatusOr<std::shared_ptr<const HandoffEnds>> QueueOf(std::uint64_t generation,
                                                             const WorkerLaunch& launch,
                                                             bool may_be_other_users);
  // The generation that QueueOf was last asked for serves from now on.
  void OnCommit();

  // The queue of the generation that serves, or else of the first.
  const HandoffEnds& serving() const { return *serving_.queue; }

  // For the program that replaces this one. The queue of a generation that does not serve yet is
  // not among it: there is none at a quiet point.
  std::uint64_t serving_generation() const { return serving_.generation; }
  const std::shared_ptr<const HandoffEnds>& serving_queue() const { return serving_.queue; }
  // There: `generation` serves, with this launch and this queue.
  void Resume(std::uint64_t generation, WorkerLaunch launch,
              std::shared_ptr<const HandoffEnds> queue);

 private:
  struct Partner {
    std::uint64_t generation = 0;
    std::optional<WorkerLaunch> launch;
    std::shared_ptr<const HandoffEnds> queue;
  };

  Partner serving_;
  std::optional<Partner> next_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_HANDOFF_HANDOFF_PARTNERS_H_
