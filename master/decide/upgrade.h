#ifndef MUSTER_MASTER_DECIDE_UPGRADE_H_
#define MUSTER_MASTER_DECIDE_UPGRADE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// The last upgrade: who asked for it, how far it is, and what became of it.
struct UpgradeRecord {
  enum class State {
    kNone,       // there was none
    kTrying,     // the new program is tried beside the loop
    kReplacing,  // it could take over, and does as soon as nothing else is under way
    kBringing,   // it runs, and starts its workers
    kOnTrial,    // it serves with its workers; the old program is kept
    kUndoing,    // the generation before the new workers is started again
    kReturning,  // it serves; the old program takes over as soon as nothing else is under way
    kRefused,    // nothing was changed
    kUndone,     // the old program serves again
    kCommitted,  // the old program is dropped
  };
  State state = State::kNone;
  std::string id{};
  std::string by{};
  std::string from{};         // the version of the old program
  std::string to{};           // of the new one; empty until it has told it
  std::string worker_file{};  // empty: none was named
  TimePoint began{};
  Duration took{};       // until the new workers served, or it was over
  std::string reason{};  // kRefused, kUndone: why. kOnTrial: why an undo of it failed

  friend bool operator==(const UpgradeRecord&, const UpgradeRecord&) = default;
};

// An upgrade: another program goes on in the master's process. One at a time. It is tried, executed
// at a moment in which nothing else is under way, and starts the workers that belong to it, which
// are on trial as after a reload. Until the trial is over or the upgrade is committed, the old
// program is kept. An undo starts the generation before again and then executes the old program.
//
// The events and actions are those whose names have Upgrade, Program or Exec in them
// (supervisor_event.h, supervisor_action.h):
//
//   UpgradeEvent kUpgrade ─► TryProgramAction ─► ProgramTriedEvent ─► ExecAction
//     in the new program: UpgradedEvent ─► LoadAgainAction, ... CommitAction: on trial
//     in the old program: UpgradeUndoneEvent, ExecFailedEvent: as before
//   UpgradeEvent kUndo, or the trial fails ─► LoadAgainAction, ... CommitAction ─► ExecAction
//     in the old program: UpgradedEvent: undone
//     in the new program: UpgradeUndoneEvent, ExecFailedEvent: on trial still, without its trial
//   UpgradeEvent kCommit, or the trial is passed ─► DropOldProgramAction
//
// A call that waits when the exec is near is answered before it, with UNAVAILABLE and the reason
// UPGRADING. Whoever sent it finds the outcome in the record. This class knows the steps and who
// waits; reloads, trials and whether something else is under way are the core's.
class Upgrade {
 public:
  using State = UpgradeRecord::State;

  // The trial of the new workers if their configuration has none: as its defaults.
  static constexpr Duration kTrial = std::chrono::minutes(1);
  static constexpr std::uint32_t kTrialMaxCrashes = 3;

  const UpgradeRecord& record() const { return record_; }
  // Nothing else may be changed until it is over, or on trial.
  bool is_under_way() const;
  bool is_on_trial() const { return record_.state == State::kOnTrial; }
  bool is_going_back() const {
    return record_.state == State::kUndoing || record_.state == State::kReturning;
  }
  // The generation that an undo starts again. Zero: none, as the new workers do not serve.
  std::uint64_t way_back() const { return way_back_; }
  // By a caller.
  bool is_waited_for() const { return request_ != 0; }
  // Another program is to be executed as soon as nothing else is under way.
  bool wants_exec() const;
  // ExecAction was given, and holds.
  bool is_executing() const { return is_executing_; }

  // Begins. For when none is under way or on trial, and nothing else is.
  void Begin(const UpgradeEvent& event, Decision& decision);
  // Answers an event for which nothing is begun.
  static void Refuse(const UpgradeEvent& event, absl::string_view reason, Decision& decision);
  void OnTried(const ProgramTriedEvent& event, Decision& decision);
  // Nothing else is under way now: answers who waits, and has the program executed.
  void Exec(Decision& decision);
  // Something has come under way since. It is executed later.
  void Postpone() { is_executing_ = false; }
  void OnExecFailed(const ExecFailedEvent& event, Decision& decision);
  // True: the new workers are to be started.
  bool OnUpgraded(Decision& decision);
  void OnUndone(const UpgradeUndoneEvent& event, Decision& decision);

  // The new workers serve; `before` did until now.
  void OnServing(std::uint64_t before);
  // And those before them drain.
  void OnBrought(Decision& decision);
  // They do not, for that reason: the old program is to come back.
  void OnNotBrought(absl::string_view reason);
  // The trial is passed, or it was asked for: `request`.
  void Commit(RequestId request, Decision& decision);

  // Goes back: `why`. True: the generation way_back() is to be started again first.
  bool BeginUndo(RequestId request, const std::string& why, Decision& decision);
  // That generation's deployment serves again, and the new workers drain.
  void OnBackServing() {
    if (record_.state == State::kUndoing) way_back_ = 0;
  }
  void OnBack();
  void OnNotBack(absl::string_view reason, Decision& decision);

  // The master ends.
  void Cancel(absl::string_view why, Decision& decision);
  // Whoever asked waits no longer. False: it does not wait here.
  bool Leave(RequestId request, absl::string_view why, Decision& decision);

  // A signal asks for a reload while this is under way. It is kept until this is over.
  void RememberReload() { wants_reload_ = true; }
  // True once, if one did and this is not under way.
  bool TakeReload();

  // All of it, but who waits: the exec ends their calls.
  void Save(state::v1::CoreState::Upgrade* state) const;
  static Upgrade Restore(const state::v1::CoreState::Upgrade& state, StateReader& reader);

 private:
  // This did not happen, or not altogether: the outcome.
  void Fail(absl::string_view reason, Decision& decision);
  void Answer(absl::Status status, Decision& decision);

  UpgradeRecord record_;
  std::uint64_t number_ = 0;
  RequestId request_ = 0;  // that waits for it, or for the undo
  std::uint64_t way_back_ = 0;
  bool is_executing_ = false;
  bool wants_reload_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_UPGRADE_H_
