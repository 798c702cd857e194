#ifndef MUSTER_MASTER_DECIDE_WORKER_SLOTS_H_
#define MUSTER_MASTER_DECIDE_WORKER_SLOTS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "google/protobuf/repeated_ptr_field.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_state.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// Which worker of which generation has which slot. Each worker has a slot to itself, also while no
// process runs in it. This class stores records and answers questions about them; it decides
// nothing. Take and Sweep invalidate pointers to records.
class WorkerSlots {
 public:
  explicit WorkerSlots(std::uint32_t slots) : slots_(slots) {}

  // A new record in the first free slot. Null: no slot is free.
  WorkerRecord* Take(std::uint64_t generation, std::uint32_t index, const Settings& settings);
  // Frees the slots of workers that are gone.
  void Sweep();
  std::uint32_t free_slots() const;

  // The records that were saved, in place of those that there are.
  void Restore(const google::protobuf::RepeatedPtrField<state::v1::CoreState::Worker>& state,
               StateReader& reader);

  // Null: the slot is free.
  WorkerRecord* Find(std::uint32_t slot);
  // By slot.
  std::map<std::uint32_t, WorkerRecord>& records() { return records_; }
  const std::map<std::uint32_t, WorkerRecord>& records() const { return records_; }

  bool has_processes() const;
  // The earliest of all records.
  std::optional<TimePoint> next_deadline() const;

  // How many workers of the generation are wanted, without those on probation.
  std::uint32_t wanted(std::uint64_t generation) const;
  // How many of these serve, and were not killed since they hang.
  std::uint32_t serving(std::uint64_t generation) const;
  // Whether a worker of its generation serves that is another one.
  bool IsServedByOthers(const WorkerRecord& worker) const;
  // How many workers of the generation are not gone.
  std::uint32_t left(std::uint64_t generation) const;
  // The one that is wanted and not on probation. Null: there is none.
  WorkerRecord* FindIndex(std::uint64_t generation, std::uint32_t index);
  bool AnyIs(WorkerState state, std::uint64_t generation) const;
  // True if the generation has no workers.
  bool AllAre(WorkerState state, std::uint64_t generation) const;

 private:
  const std::uint32_t slots_;
  std::map<std::uint32_t, WorkerRecord> records_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_SLOTS_H_
