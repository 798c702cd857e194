#ifndef MUSTER_MASTER_DECIDE_TRIAL_H_
#define MUSTER_MASTER_DECIDE_TRIAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// The time after a reload in which too many crashes lead back to the generation before. It counts
// crashes and says when it failed or is over; going back is the caller's.
class Trial {
 public:
  // `generation` serves since now, by a reload. If its configuration wants a trial, one begins. One
  // that is on ends; the new one leads back to where that one led: to what was proven.
  void Begin(std::uint64_t generation, std::uint64_t previous, const Settings& settings,
             TimePoint now);
  // What is on trial serves as this generation from now on: the same configuration and program.
  void PassTo(std::uint64_t generation);
  void End();

  // A worker of any generation crashed, as its `last_exit` says.
  void OnCrash(const WorkerRecord& worker);
  // Why the trial has failed, if it is on and has.
  std::optional<std::string> Failure(const WorkerSlots& workers, TimePoint now) const;
  // Ends and logs it if its time is over.
  void Expire(Decision& decision);

  bool is_on() const { return generation_ != 0; }
  // Zero: none is on.
  std::uint64_t generation() const { return generation_; }
  std::uint64_t previous() const { return previous_; }
  std::optional<TimePoint> deadline() const;

  // All of one that is on.
  void Save(state::v1::CoreState::Trial* state) const;
  static Trial Restore(const state::v1::CoreState::Trial& state, StateReader& reader);

  friend bool operator==(const Trial&, const Trial&) = default;

 private:
  std::uint64_t generation_ = 0;
  std::uint64_t previous_ = 0;
  std::uint32_t most_crashes_ = 0;
  TimePoint began_{};
  TimePoint deadline_{};
  std::uint32_t crashes_ = 0;
  std::string last_crash_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TRIAL_H_
