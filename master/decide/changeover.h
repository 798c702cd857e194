#ifndef MUSTER_MASTER_DECIDE_CHANGEOVER_H_
#define MUSTER_MASTER_DECIDE_CHANGEOVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

// The time between the commit of a reload and its answer. The new workers were told to serve, the
// old ones to drain, and those of surplus generations to end at once. The changeover is over when
// each of them has acknowledged that or has ended, or when it has taken too long. It collects what
// the answer tells. It tells no worker anything.
class Changeover {
 public:
  // To be called when all `workers` were told. `ended`: the surplus generations.
  void Begin(const WorkerSlots& workers, std::uint64_t serving,
             const std::set<std::uint64_t>& ended, Duration patience, TimePoint now);

  // False: no changeover waits for this.
  bool Acknowledge(const AckedEvent& event);
  // The process of this worker ended, as its `last_exit` says.
  void OnExit(const WorkerRecord& worker, const ExitedEvent& event);
  // Gives up on those who are late.
  void Expire(TimePoint now);
  // Gives up on all, since something else comes first.
  void Interrupt(absl::string_view reason);

  // What the outcome is at this moment. `why` it cannot wait longer: "its deadline came".
  Outcome SoFar(absl::string_view why) const;

  bool is_over() const { return awaited_.empty(); }
  // While somebody is awaited.
  std::optional<TimePoint> deadline() const;

  // Logs the warnings and returns the outcome. For one that is over.
  Outcome End(Decision& decision);

 private:
  enum class Step { kServe, kDrain, kEnd };
  struct Awaited {
    Step step = Step::kDrain;
    std::uint32_t token = 0;  // zero: its end is awaited
    std::uint64_t generation = 0;
    std::string name;
  };

  void GiveUp(absl::string_view when);

  std::map<std::uint32_t, Awaited> awaited_;    // by slot
  std::map<std::uint64_t, std::uint64_t> cut_;  // by surplus generation: its connections
  Duration patience_{};
  TimePoint deadline_{};
  Outcome outcome_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_CHANGEOVER_H_
