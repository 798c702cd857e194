#ifndef MUSTER_MASTER_DECIDE_RELOAD_ATTEMPTS_H_
#define MUSTER_MASTER_DECIDE_RELOAD_ATTEMPTS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/generations.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

// The attempts to bring a generation into service, one at a time: the start, then the reloads.
// An attempt loads a configuration, gets the number of a generation, and fails or is cancelled, or
// is committed and then answered. This class knows who waits for which attempt and answers each
// request once. It counts the outcomes and logs every refusal once. The workers of the generation
// are the caller's.
class ReloadAttempts {
 public:
  // How long a configuration may take to be loaded: the worker program may take 5 s of it to
  // describe itself, and zones as long as the kernel needs to allocate them.
  static constexpr Duration kLoadTimeout = std::chrono::seconds(30);

  bool is_under_way() const { return attempt_.has_value(); }
  bool is_start() const { return attempt_ && attempt_->is_start; }
  // Under way, and its configuration is not loaded yet.
  bool is_loading() const { return attempt_ && attempt_->generation == 0; }
  // Under way, and what that load brings is for it.
  bool awaits(LoadId load) const { return is_loading() && attempt_->load == load; }
  // Of the attempt. Zero: none, or it is the start.
  LoadId load() const { return attempt_ ? attempt_->load : 0; }
  // Of the attempt, which is under way.
  Origin origin() const { return attempt_->cause.origin; }
  absl::string_view name() const { return NameOf(attempt_->cause.origin); }
  // Of the attempt. Zero: none, it is loading, or it is committed and the generation serves.
  std::uint64_t generation() const {
    return attempt_ && !attempt_->is_committed ? attempt_->generation : 0;
  }
  // Under way, and its generation serves; it is not answered yet.
  bool is_committed() const { return attempt_ && attempt_->is_committed; }
  // Of the generation that was begun last.
  const Settings& settings() const { return settings_; }

  const std::string& last_error() const { return last_error_; }
  std::uint64_t succeeded() const { return succeeded_; }
  std::uint64_t refused() const { return refused_; }

  // The first attempt. Its configuration is loaded already.
  void Start(TimePoint now);
  // Those who were not answered with the attempt, since they wait until the old workers have ended.
  struct Answered {
    std::uint64_t generation = 0;
    Outcome outcome{};
    std::vector<RequestId> until_drained{};
  };

  // More reloads than this do not wait for an attempt.
  static constexpr std::size_t kMostPending = 16;

  // What an attempt that serves was, for the history.
  struct Cause {
    Origin origin = Origin::kReload;
    // Not zero: it has the configuration and the program of this generation.
    std::uint64_t copy_of = 0;
    // Not zero: so many workers, and not as many as the configuration says.
    std::uint32_t workers = 0;
    // An upgrade: not the program of that generation.
    std::optional<std::string> worker_file{};
    // A rollback: why what serves is left. Empty: nobody is.
    std::string why{};
  };
  const Cause& cause() const { return cause_; }
  // Who asked for the attempt: "uid 1000 (pid 4711)", "SIGHUP and 2 others". Empty: the master.
  std::string AskedBy() const;
  // The generations that it or those which wait are copies of.
  std::set<std::uint64_t> copied() const;

  // Begins a reload. Requests for the file that come one after another during an attempt become one
  // more reload together. A request with a configuration is a reload of its own. They begin in the
  // order in which they came. One whose condition is not met when it begins is refused, and begins
  // nothing.
  void Ask(const ReloadEvent& event, Decision& decision);
  // Begins a rollback, in its turn, as a reload.
  void AskForRollback(const RollbackEvent& event, Decision& decision);
  // The same for one that a failed trial of generation `failed` leads to. It comes before all that
  // wait, and not at all if something else serves by then.
  void GoBack(std::uint64_t previous, std::uint64_t failed, const std::string& why,
              Decision& decision);
  // The same for the undo of an upgrade, with so many workers, whatever serves by then. Requests
  // that wait are refused with `reason`. Returns whether a signal waits for a reload, too: that is
  // dropped.
  bool UndoUpgrade(std::uint64_t previous, std::uint32_t workers, const std::string& why,
                   const std::string& by, const absl::Status& reason, Decision& decision);
  // Begins a new generation with the configuration of the last one, which is `serving`, with so
  // many workers, and with the worker program that is there now (LoadAgainAction::worker_file). For
  // when no attempt is under way. It counts as no reload.
  void BringUpgrade(const std::string& worker_file, std::uint64_t serving, std::uint32_t workers,
                    const std::string& by, Decision& decision);
  // Begins a resumption: a new generation with the configuration of the last one, which is
  // `serving`. For when no attempt is under way. It counts as no reload.
  void Resume(RequestId request, std::uint64_t serving, const std::string& by, Decision& decision);
  // The same, with so many workers.
  void Scale(const WorkerOrderEvent& event, std::uint64_t serving, Decision& decision);
  // The configuration is loaded. Returns the number of the new generation. Numbers are not used
  // again, not even those of failed generations.
  std::uint64_t BeginGeneration(const Settings& settings);
  // What was made anew for it, for the answer.
  void NoteMadeAnew(const std::vector<std::string>& made_anew);

  // The time for Expire.
  std::optional<TimePoint> next_deadline() const;
  // Abandons the load if it is overdue. The attempt goes on until that is answered.
  void Expire(Decision& decision);

  // The generation serves.
  void Commit(TimePoint now);
  // Ends an attempt that is committed. `outcome` goes into the answer. No reload begins.
  Answered Answer(Outcome outcome, Decision& decision);
  // Begins the reload that waits, if there is one. For when no attempt is under way.
  void BeginNext(Decision& decision);
  // Both.
  Answered Succeed(Outcome outcome, Decision& decision);

  // Ends an attempt that is not committed, answers it, and begins the reload that waits for it. The
  // generation is undone. `what_serves` goes into the answer: ", generation 1 goes on serving".
  // After a failed start the master ends: nobody is answered, and no reload begins.
  void Fail(const absl::Status& reason, absl::string_view what_serves, Decision& decision);

  // What a request waits for.
  enum class Wait {
    kNot,         // it was answered
    kAlone,       // for the attempt, and nobody else does
    kWithOthers,  // for the attempt, as other requests or a signal do
    kForNext,     // for the reload that begins after the attempt
  };
  Wait HowWaits(RequestId request) const;
  // What a request that waits has asked for: "reload", "rollback".
  absl::string_view NameOf(RequestId request) const;
  // Answers a request that waits, and nobody else. What it waited for goes on.
  void Leave(RequestId request, Outcome outcome, Decision& decision);

  // Ends the attempt, if there is one, and answers all who wait. No reload begins. An attempt that
  // is committed was answered before.
  void Cancel(const absl::Status& reason, Decision& decision);
  // What the attempts have come to. Of one that is under way, nothing; and of settings() and
  // cause() nothing either, since the next attempt sets them.
  void Save(state::v1::CoreState::Reloads* state) const;
  // `serving` and the hash of its configuration: what was committed last.
  static ReloadAttempts Restore(const state::v1::CoreState::Reloads& state, std::uint64_t serving,
                                const std::string& hash, StateReader& reader);

  // Answers a request for which no attempt begins: of a reload, a rollback.
  static void Refuse(RequestId request, Origin asked, const absl::Status& reason,
                     Decision& decision);

 private:
  struct Waiting {
    RequestId request = 0;  // zero: a signal
    bool until_drained = false;
    ReloadCondition condition{};
    std::string by{};
  };
  struct Pending {
    RequestId config_of = 0;
    Cause cause{};
    std::vector<Waiting> waiting{};  // at least one

    bool IsOfTheFile() const { return cause.origin == Origin::kReload && config_of == 0; }
  };
  struct Attempt {
    bool is_start = false;
    Cause cause{};
    RequestId config_of = 0;
    std::vector<Waiting> waiting{};  // until it is committed, of a reload at least one
    TimePoint began{};
    LoadId load = 0;                     // zero: of the start
    std::optional<TimePoint> overdue{};  // of the load
    std::uint64_t generation = 0;        // zero: its configuration is being loaded
    bool is_committed = false;
    Duration took{};  // until then
    std::vector<std::string> made_anew{};

    // Of one that is committed.
    void Complete(Outcome& outcome) const;
  };

  void Enqueue(Pending asked, Decision& decision);
  // Before all that wait.
  void BeginFirst(Pending asked, Decision& decision);
  void Begin(Pending asked, Decision& decision);
  // OK, or "reload refused: generation 5 serves, not 4", with a reason of its own.
  absl::Status Check(const ReloadCondition& condition, absl::string_view what) const;
  // Refuses those of `asked` whose condition is not met, and takes them out.
  void RefuseUnmet(Pending& asked, Decision& decision) const;
  static absl::string_view NameOf(Origin origin);
  // Whether it is counted as a reload.
  static bool IsReload(Origin origin);
  void NoteRefusal(const Attempt& attempt, const absl::Status& reason);
  static bool Has(const std::vector<Waiting>& waiting, RequestId request);
  // What is refused.
  struct Refused {
    absl::string_view what;        // "reload", "resume"
    LoadId attempt = 0;            // zero: it did not begin
    std::uint64_t generation = 0;  // zero: it had none
  };
  static void RefuseAll(const Refused& refused, const std::vector<Waiting>& waiting,
                        absl::string_view what_serves, const absl::Status& reason,
                        Decision& decision);

  std::optional<Attempt> attempt_;
  std::deque<Pending> pending_;  // came during the attempt
  LoadId last_load_ = 0;
  std::uint64_t last_generation_ = 0;
  Settings settings_;
  Cause cause_;  // of the generation that was begun last
  // What serves: the attempt that was committed last.
  std::uint64_t serving_ = 0;
  std::string serving_hash_;

  std::string last_error_;  // empty: the last reload succeeded
  std::uint64_t succeeded_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_RELOAD_ATTEMPTS_H_
