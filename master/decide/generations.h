#ifndef MUSTER_MASTER_DECIDE_GENERATIONS_H_
#define MUSTER_MASTER_DECIDE_GENERATIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/worker_slots.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// What brought a generation.
enum class Origin { kStart, kReload, kRollback, kResume, kScale, kTrial, kUpgrade, kUndo };

// A generation that serves or has served.
struct GenerationRecord {
  enum class End { kNone, kReplaced, kRolledBack };

  std::uint64_t number = 0;
  std::string hash{};  // of its configuration
  bool is_from_call = false;
  Origin origin = Origin::kStart;
  std::uint64_t copy_of = 0;  // the generation whose deployment it has; zero: it has its own
  std::string asked_by{};     // empty: the master itself
  TimePoint served{};         // from then on
  End end = End::kNone;
  std::string reason{};      // of kRolledBack
  bool is_released = false;  // only its configuration and its program are left

  void Save(state::v1::CoreState::Generation* state) const;
  static GenerationRecord Restore(const state::v1::CoreState::Generation& state,
                                  StateReader& reader);

  friend bool operator==(const GenerationRecord&, const GenerationRecord&) = default;
};

// Which generations have served, and what is kept of each. A deployment is whole as long as its
// generation serves, a worker of it is left, or a trial leads back to it. After that, the
// configuration and the program are kept while the generation is among the last ones.
class Generations {
 public:
  // That a rollback can go to, the one that serves included.
  static constexpr std::size_t kMostKept = 10;

  // It serves from now on, in place of the one that did. `why_left`: why that one is left, if by a
  // rollback; else empty.
  void Commit(GenerationRecord record, const std::string& why_left);

  // Releases and forgets what is not needed any more. `pinned`: stay whole in any case.
  void Sweep(const WorkerSlots& workers, const std::set<std::uint64_t>& pinned, Decision& decision);

  // Those that were saved, of which one serves.
  static Generations Restore(
      const google::protobuf::RepeatedPtrField<state::v1::CoreState::Generation>& state,
      std::uint64_t serving, StateReader& reader);

  // Null: it never served, or is forgotten.
  const GenerationRecord* Find(std::uint64_t number) const;
  // Where a rollback goes that names no generation: the last one before whose deployment is another
  // one and which was not left by a rollback. Zero: there is none.
  std::uint64_t Before() const;
  // By number.
  const std::map<std::uint64_t, GenerationRecord>& records() const { return records_; }

 private:
  // The one whose deployment it has, its own or another's.
  std::uint64_t OriginalOf(std::uint64_t number) const;

  std::uint64_t serving_ = 0;
  std::map<std::uint64_t, GenerationRecord> records_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_GENERATIONS_H_
