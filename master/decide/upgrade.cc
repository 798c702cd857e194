#include "muster/master/decide/upgrade.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/reason.h"
#include "muster/master/decide/saved_enum.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

using State = UpgradeRecord::State;
using SavedUpgrade = state::v1::CoreState::Upgrade;

constexpr std::pair<State, SavedUpgrade::State> kStates[] = {
    {State::kTrying, SavedUpgrade::TRYING},       {State::kReplacing, SavedUpgrade::REPLACING},
    {State::kBringing, SavedUpgrade::BRINGING},   {State::kOnTrial, SavedUpgrade::ON_TRIAL},
    {State::kUndoing, SavedUpgrade::UNDOING},     {State::kReturning, SavedUpgrade::RETURNING},
    {State::kRefused, SavedUpgrade::REFUSED},     {State::kUndone, SavedUpgrade::UNDONE},
    {State::kCommitted, SavedUpgrade::COMMITTED},
};

// "from 0.1.0 to 0.2.0".
std::string Goal(const UpgradeRecord& record) {
  return absl::StrCat("from ", record.from, " to ", record.to);
}

}  // namespace

bool Upgrade::is_under_way() const {
  switch (record_.state) {
    case State::kTrying:
    case State::kReplacing:
    case State::kBringing:
    case State::kUndoing:
    case State::kReturning:
      return true;
    case State::kNone:
    case State::kOnTrial:
    case State::kRefused:
    case State::kUndone:
    case State::kCommitted:
      break;
  }
  return false;
}

bool Upgrade::wants_exec() const {
  return !is_executing_ &&
         (record_.state == State::kReplacing || record_.state == State::kReturning);
}

void Upgrade::Begin(const UpgradeEvent& event, Decision& decision) {
  record_ = {.state = State::kTrying,
             .id = event.id,
             .by = event.by,
             .from = event.version,
             .worker_file = event.worker_file,
             .began = decision.now()};
  ++number_;
  request_ = event.request;
  way_back_ = 0;
  is_executing_ = false;
  decision.Tell(Topic::kUpgradeBegun, Severity::kInfo,
                absl::StrCat("upgrade: trying ", event.master_file.empty()
                                                     ? "the program at the master's path"
                                                     : event.master_file),
                0);
  decision.Do(TryProgramAction{number_, event.master_file, event.worker_file});
}

void Upgrade::Refuse(const UpgradeEvent& event, absl::string_view reason, Decision& decision) {
  absl::string_view what = "upgrade refused, nothing changed";
  switch (event.what) {
    case UpgradeEvent::What::kUpgrade:
      break;
    case UpgradeEvent::What::kUndo:
      what = "undo refused";
      break;
    case UpgradeEvent::What::kCommit:
      what = "commit refused";
      break;
  }
  const absl::Status status = absl::FailedPreconditionError(absl::StrCat(what, ": ", reason));
  decision.Log(Severity::kWarning, std::string(status.message()));
  decision.Reply(event.request, {.status = status});
}

void Upgrade::OnTried(const ProgramTriedEvent& event, Decision& decision) {
  if (record_.state != State::kTrying || event.upgrade != number_) {
    decision.Do(AbandonProgramAction{event.upgrade});  // nobody wants it any more
    return;
  }
  if (!event.status.ok()) return Fail(event.status.message(), decision);
  record_.state = State::kReplacing;
  record_.to = event.version;
}

void Upgrade::Exec(Decision& decision) {
  is_executing_ = true;
  const bool is_way_back = record_.state == State::kReturning;
  if (request_ != 0) {
    Answer(config::WithErrorReason(
               absl::UnavailableError(absl::StrCat(
                   "the master's program is being replaced; the master's status tells the outcome",
                   record_.id.empty() ? "" : absl::StrCat(" of upgrade ", record_.id))),
               "UPGRADING"),
           decision);
  }
  decision.Log(Severity::kInfo,
               is_way_back
                   ? absl::StrCat("upgrade: going back to the program before, ", record_.from)
                   : absl::StrCat("upgrade: replacing the program, ", Goal(record_)));
  decision.Do(ExecAction{is_way_back});
}

void Upgrade::OnExecFailed(const ExecFailedEvent& event, Decision& decision) {
  if (std::exchange(is_executing_, false)) Fail(event.status.message(), decision);
}

bool Upgrade::OnUpgraded(Decision& decision) {
  if (!std::exchange(is_executing_, false)) return false;
  if (record_.state == State::kReplacing) {
    record_.state = State::kBringing;
    decision.Tell(Topic::kUpgraded, Severity::kInfo,
                  absl::StrCat("the master's program was replaced, ", Goal(record_),
                               "; its workers are started"),
                  0);
    return true;
  }
  record_.state = State::kUndone;
  record_.took = decision.now() - record_.began;
  decision.Tell(
      Topic::kUpgradeUndone, Severity::kError,
      absl::StrCat(WithReason(absl::StrCat("upgrade ", Goal(record_), " undone"), record_.reason)),
      0);
  decision.Do(AbandonProgramAction{number_});
  return false;
}

void Upgrade::OnUndone(const UpgradeUndoneEvent& event, Decision& decision) {
  if (!std::exchange(is_executing_, false)) return;
  if (record_.state == State::kReturning) return Fail(event.reason, decision);
  record_.state = State::kUndone;
  record_.took = decision.now() - record_.began;
  record_.reason = event.reason;
  decision.Tell(Topic::kUpgradeUndone, Severity::kError,
                WithReason(absl::StrCat("upgrade ", Goal(record_), " undone"), event.reason), 0);
  decision.Do(AbandonProgramAction{number_});
}

void Upgrade::OnServing(std::uint64_t before) { way_back_ = before; }

void Upgrade::OnBrought(Decision& decision) {
  if (record_.state != State::kBringing) return;
  record_.state = State::kOnTrial;
  record_.took = decision.now() - record_.began;
}

void Upgrade::OnNotBrought(absl::string_view reason) {
  if (record_.state != State::kBringing) return;
  record_.state = State::kReturning;
  record_.reason = std::string(reason);
}

void Upgrade::Commit(RequestId request, Decision& decision) {
  OnBrought(decision);  // the trial was shorter than the drain
  record_.state = State::kCommitted;
  record_.reason.clear();
  way_back_ = 0;
  decision.Tell(
      Topic::kUpgradeCommitted, Severity::kInfo,
      absl::StrCat("upgrade ", Goal(record_), " committed: the program before is dropped"), 0);
  decision.Do(DropOldProgramAction{});
  decision.Reply(request, {.took = record_.took});
}

bool Upgrade::BeginUndo(RequestId request, const std::string& why, Decision& decision) {
  request_ = request;
  record_.reason = why;
  record_.state = way_back_ == 0 ? State::kReturning : State::kUndoing;
  decision.Log(Severity::kWarning,
               WithReason(absl::StrCat("upgrade ", Goal(record_), ": going back"), why));
  return record_.state == State::kUndoing;
}

void Upgrade::OnBack() {
  if (record_.state == State::kUndoing) record_.state = State::kReturning;
}

void Upgrade::OnNotBack(absl::string_view reason, Decision& decision) {
  if (record_.state == State::kUndoing) Fail(reason, decision);
}

void Upgrade::Fail(absl::string_view reason, Decision& decision) {
  absl::Status status;
  if (is_going_back()) {
    // The new program goes on, and the old one is kept.
    record_.reason = absl::StrCat(record_.reason, "; the undo failed: ", reason);
    record_.state = State::kOnTrial;
    status = absl::FailedPreconditionError(WithReason("undo refused", reason));
    decision.Log(Severity::kError,
                 absl::StrCat(status.message(), "; version ", record_.to, " goes on, and ",
                              record_.from, " is kept until ctl undo or ctl commit"));
  } else {
    record_.reason = std::string(reason);
    record_.state = State::kRefused;
    record_.took = decision.now() - record_.began;
    status = absl::FailedPreconditionError(WithReason("upgrade refused, nothing changed", reason));
    decision.Tell(Topic::kUpgradeRefused, Severity::kError, std::string(status.message()), 0);
    decision.Do(AbandonProgramAction{number_});
  }
  Answer(std::move(status), decision);
}

void Upgrade::Answer(absl::Status status, Decision& decision) {
  decision.Reply(std::exchange(request_, 0), {.status = std::move(status)});
}

void Upgrade::Cancel(absl::string_view why, Decision& decision) {
  wants_reload_ = false;
  is_executing_ = false;
  if (record_.state == State::kTrying || record_.state == State::kReplacing) {
    Fail(why, decision);
  } else if (request_ != 0) {
    Answer(absl::FailedPreconditionError(absl::StrCat("undo refused: ", why)), decision);
  }
}

bool Upgrade::Leave(RequestId request, absl::string_view why, Decision& decision) {
  if (request == 0 || request_ != request) return false;
  if (record_.state == State::kTrying) {
    Fail(why, decision);
  } else {
    const absl::string_view what =
        record_.state == State::kReplacing ? "the upgrade goes on: " : "the undo goes on: ";
    Answer(absl::CancelledError(absl::StrCat(what, why)), decision);
  }
  return true;
}

bool Upgrade::TakeReload() { return !is_under_way() && std::exchange(wants_reload_, false); }

void Upgrade::Save(SavedUpgrade* state) const {
  state->set_state(ToSaved(kStates, record_.state));
  state->set_is_executing(is_executing_);
  state->set_number(number_);
  state->set_id(record_.id);
  state->set_by(record_.by);
  state->set_from(record_.from);
  state->set_to(record_.to);
  state->set_worker_file(record_.worker_file);
  state->set_began_ns(ToSaved(record_.began));
  state->set_took_ns(ToSaved(record_.took));
  state->set_reason(record_.reason);
  state->set_way_back(way_back_);
  state->set_wants_reload(wants_reload_);
}

Upgrade Upgrade::Restore(const SavedUpgrade& state, StateReader& reader) {
  Upgrade upgrade;
  upgrade.record_ = {.state = FromSaved(kStates, state.state()),
                     .id = state.id(),
                     .by = state.by(),
                     .from = state.from(),
                     .to = state.to(),
                     .worker_file = state.worker_file(),
                     .began = reader.Time("began_ns", state.began_ns()),
                     .took = reader.Span("took_ns", state.took_ns()),
                     .reason = state.reason()};
  upgrade.number_ = state.number();
  upgrade.way_back_ = state.way_back();
  upgrade.is_executing_ = state.is_executing();
  reader.Expect(!upgrade.is_executing_ || upgrade.record_.state == State::kReplacing ||
                    upgrade.record_.state == State::kReturning,
                "is_executing", "there is nothing to execute");
  reader.Expect(
      upgrade.record_.state != State::kBringing && upgrade.record_.state != State::kUndoing,
      "state", "a reload is under way");
  upgrade.wants_reload_ = state.wants_reload();
  return upgrade;
}

}  // namespace muster::master
