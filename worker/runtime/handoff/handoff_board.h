#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_BOARD_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_BOARD_H_

#include <cstdint>
#include <vector>

#include "muster/worker/runtime/handoff/handoff_share.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// What workers tell each other for the handoff of connections, in the shared zone: each writes its
// own line, and reads those of the others. No word is a credit that has to be given back, so the
// death of a worker leaves nothing but a line that the master clears.
//
// Words of others are not trusted: they are bounded, and a wrong one costs time, but no connection.
// In the loop's thread. No call blocks.
class HandoffBoard {
 public:
  // `zone` outlives this. `slot` and `generation` are this worker's. `untold` is the capacity of a
  // worker that tells none, since its program is older.
  HandoffBoard(const SharedZone& zone, std::uint32_t slot, std::uint64_t generation,
               std::uint32_t untold)
      : zone_(zone), slot_(slot), generation_(generation), untold_(untold) {}

  // Shows how many connections this worker can hold.
  void ShowCapacity(std::uint32_t capacity) { status().capacity.Set(std::int64_t{capacity} + 1); }
  // Shows how many connections it has given that are not in the queue yet.
  void ShowUnsent(std::size_t unsent) { status().unsent.Set(static_cast<std::int64_t>(unsent)); }

  // Shows that this worker takes connections whose state is in memory of its own. After `started`
  // of its status is set: a program that is older, and begins in this slot later, changes that.
  void ShowTakesMemory() { status().takes_memory.Set(status().started.value()); }

  // Whether this worker's generation is the one that serves.
  bool is_of_serving_generation() const { return generation_ == serving_generation(); }
  // This worker as a taker.
  HandoffTaker Own() const { return Read(slot_); }
  // The other workers that take connections, now or in a moment: those of the generation that
  // serves which are ready and do not drain.
  std::vector<HandoffTaker> OtherTakers() const;
  // Connections that workers have given, this one included, and that are not in the queue yet.
  std::uint64_t Unsent() const;
  // Whether all workers, this one included, take connections whose state is in memory of its own.
  // So none is given to a worker of an older program, not even to one that serves in a moment.
  bool AllTakeMemory() const;
  // The workers that give connections away or are about to: this one, those that drain, and those
  // of earlier generations.
  std::uint64_t Givers() const;

 private:
  std::uint64_t serving_generation() const;
  WorkerStatus& status() const { return zone_.worker_status(slot_); }
  HandoffTaker Read(std::uint32_t slot) const;
  bool IsGiver(std::uint32_t slot) const;

  const SharedZone& zone_;
  const std::uint32_t slot_;
  const std::uint64_t generation_;
  const std::uint32_t untold_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_BOARD_H_
