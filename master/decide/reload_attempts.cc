#include "muster/master/decide/reload_attempts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "muster/master/decide/reason.h"
#include "muster/proto/counted.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

// proto/admin.proto promises these codes. Others would mean something else to a client.
absl::StatusCode CodeOf(const absl::Status& reason) {
  const bool is_named = absl::IsInvalidArgument(reason) || absl::IsFailedPrecondition(reason);
  return is_named ? reason.code() : absl::StatusCode::kAborted;
}

}  // namespace

void ReloadAttempts::Start(TimePoint now) {
  attempt_ = Attempt{.is_start = true, .cause = {.origin = Origin::kStart}, .began = now};
  cause_ = attempt_->cause;
}

void ReloadAttempts::Ask(const ReloadEvent& event, Decision& decision) {
  Enqueue({.config_of = event.has_config ? event.request : 0,
           .waiting = {{event.request, event.until_drained, event.condition, event.by}}},
          decision);
}

void ReloadAttempts::AskForRollback(const RollbackEvent& event, Decision& decision) {
  Enqueue({.cause = {.origin = Origin::kRollback,
                     .copy_of = event.generation,
                     .why = absl::StrCat("left by a rollback to generation ", event.generation)},
           .waiting = {{event.request, event.until_drained, event.condition, event.by}}},
          decision);
}

void ReloadAttempts::Enqueue(Pending asked, Decision& decision) {
  if (!attempt_) return Begin(std::move(asked), decision);
  if (asked.IsOfTheFile() && !pending_.empty() && pending_.back().IsOfTheFile()) {
    pending_.back().waiting.push_back(asked.waiting.front());
  } else if (pending_.size() < kMostPending) {
    pending_.push_back(std::move(asked));
  } else {
    Refuse(asked.waiting.front().request, asked.cause.origin,
           absl::FailedPreconditionError(absl::StrCat(kMostPending, " reloads wait already")),
           decision);
  }
}

void ReloadAttempts::GoBack(std::uint64_t previous, std::uint64_t failed, const std::string& why,
                            Decision& decision) {
  BeginFirst({.cause = {.origin = Origin::kTrial, .copy_of = previous, .why = why},
              .waiting = {{.condition = {.generation = failed}}}},
             decision);
}

void ReloadAttempts::BeginFirst(Pending asked, Decision& decision) {
  if (attempt_) {
    pending_.push_front(std::move(asked));
  } else {
    Begin(std::move(asked), decision);
  }
}

bool ReloadAttempts::UndoUpgrade(std::uint64_t previous, std::uint32_t workers,
                                 const std::string& why, const std::string& by,
                                 const absl::Status& reason, Decision& decision) {
  bool has_signal = false;
  std::map<absl::string_view, std::vector<Waiting>> refused;  // by what was asked
  for (Pending& pending : std::exchange(pending_, {})) {
    const std::size_t signals =
        std::erase_if(pending.waiting, [](const Waiting& one) { return one.request == 0; });
    has_signal |= signals > 0 && pending.IsOfTheFile();
    std::vector<Waiting>& all = refused[NameOf(pending.cause.origin)];
    all.insert(all.end(), pending.waiting.begin(), pending.waiting.end());
  }
  for (const auto& [what, waiting] : refused) {
    if (!waiting.empty()) RefuseAll({what}, waiting, "", reason, decision);
  }
  BeginFirst(
      {.cause = {.origin = Origin::kUndo, .copy_of = previous, .workers = workers, .why = why},
       .waiting = {{.by = by}}},
      decision);
  return has_signal;
}

void ReloadAttempts::BringUpgrade(const std::string& worker_file, std::uint64_t serving,
                                  std::uint32_t workers, const std::string& by,
                                  Decision& decision) {
  Begin({.cause = {.origin = Origin::kUpgrade,
                   .copy_of = serving,
                   .workers = workers,
                   .worker_file = worker_file},
         .waiting = {{.by = by}}},
        decision);
}

void ReloadAttempts::Resume(RequestId request, std::uint64_t serving, const std::string& by,
                            Decision& decision) {
  Begin({.cause = {.origin = Origin::kResume, .copy_of = serving},
         .waiting = {{.request = request, .by = by}}},
        decision);
}

void ReloadAttempts::Scale(const WorkerOrderEvent& event, std::uint64_t serving,
                           Decision& decision) {
  Begin({.cause = {.origin = Origin::kScale, .copy_of = serving, .workers = event.number},
         .waiting = {{.request = event.request, .by = event.by}}},
        decision);
}

absl::Status ReloadAttempts::Check(const ReloadCondition& condition, absl::string_view what) const {
  std::string other;
  if (condition.generation != 0 && condition.generation != serving_) {
    other = absl::StrCat("generation ", serving_, " serves, not ", condition.generation);
  } else if (!condition.hash.empty() && condition.hash != serving_hash_) {
    other = absl::StrCat("the configuration in force is ", serving_hash_, ", not ", condition.hash);
  }
  if (other.empty()) return absl::OkStatus();
  return config::WithErrorReason(
      absl::FailedPreconditionError(absl::StrCat(what, " refused: ", other)), "CONDITION_UNMET");
}

void ReloadAttempts::RefuseUnmet(Pending& asked, Decision& decision) const {
  std::erase_if(asked.waiting, [&](const Waiting& one) {
    absl::Status met = Check(one.condition, NameOf(asked.cause.origin));
    if (met.ok()) return false;
    // Nothing was tried, so it counts as no refused reload.
    decision.Log(Severity::kInfo, std::string(met.message()));
    decision.Reply(one.request, {.status = std::move(met)});
    return true;
  });
}

void ReloadAttempts::Begin(Pending asked, Decision& decision) {
  RefuseUnmet(asked, decision);
  if (asked.waiting.empty()) return BeginNext(decision);
  attempt_ = Attempt{.cause = std::move(asked.cause),
                     .config_of = asked.config_of,
                     .waiting = std::move(asked.waiting),
                     .began = decision.now(),
                     .load = ++last_load_};
  const Cause& cause = attempt_->cause;
  const auto tell = [&](std::string text) {
    decision.TellOfAttempt(Topic::kReloadBegun, Severity::kInfo, std::move(text), attempt_->load,
                           0);
  };
  switch (cause.origin) {
    case Origin::kStart:
      return;
    case Origin::kResume:
      tell("resuming");
      break;
    case Origin::kReload:
      tell(attempt_->config_of == 0 ? "reloading"
                                    : "reloading with a configuration that came with a call");
      break;
    case Origin::kRollback:
    case Origin::kTrial:
    case Origin::kUndo:
      tell(absl::StrCat("rolling back to generation ", cause.copy_of));
      break;
    case Origin::kScale:
      tell(absl::StrCat("scaling to ", config::Counted(cause.workers, "worker"),
                        " in a new generation, since each has sockets of its own"));
      break;
    case Origin::kUpgrade:
      tell("starting the workers of the upgrade");
      break;
  }
  if (cause.origin == Origin::kResume) {
    decision.Do(LoadAgainAction{attempt_->load, cause.copy_of});
    return;
  }
  attempt_->overdue = decision.now() + kLoadTimeout;
  decision.Do(NotifyAction{NotifyAction::What::kReloading});
  if (cause.origin == Origin::kReload) {
    decision.Do(LoadAction{attempt_->load, attempt_->config_of});
  } else {
    decision.Do(LoadAgainAction{attempt_->load, cause.copy_of, cause.workers, cause.worker_file});
  }
}

std::string ReloadAttempts::AskedBy() const {
  if (!attempt_) return "";
  std::set<std::string> all;
  for (const Waiting& waiting : attempt_->waiting) {
    if (!waiting.by.empty()) all.insert(waiting.by);
  }
  if (all.empty()) return "";
  if (all.size() == 1) return *all.begin();
  return absl::StrCat(*all.begin(), " and ", config::Counted(all.size() - 1, "other"));
}

std::set<std::uint64_t> ReloadAttempts::copied() const {
  std::set<std::uint64_t> copied;
  if (attempt_) copied.insert(attempt_->cause.copy_of);
  for (const Pending& pending : pending_) copied.insert(pending.cause.copy_of);
  return copied;
}

void ReloadAttempts::NoteMadeAnew(const std::vector<std::string>& made_anew) {
  attempt_->made_anew = made_anew;
}

void ReloadAttempts::BeginNext(Decision& decision) {
  if (pending_.empty()) return;
  Pending next = std::move(pending_.front());
  pending_.pop_front();
  Begin(std::move(next), decision);
}

std::uint64_t ReloadAttempts::BeginGeneration(const Settings& settings) {
  settings_ = settings;
  cause_ = attempt_->cause;
  attempt_->generation = ++last_generation_;
  return last_generation_;
}

std::optional<TimePoint> ReloadAttempts::next_deadline() const {
  return is_loading() ? attempt_->overdue : std::nullopt;
}

void ReloadAttempts::Expire(Decision& decision) {
  const std::optional<TimePoint> overdue = next_deadline();
  if (!overdue || *overdue > decision.now()) return;
  attempt_->overdue.reset();
  decision.Do(AbandonLoadAction{attempt_->load, /*is_overdue=*/true});
}

void ReloadAttempts::Commit(TimePoint now) {
  attempt_->is_committed = true;
  attempt_->took = now - attempt_->began;
  serving_ = attempt_->generation;
  serving_hash_ = settings_.hash;
}

void ReloadAttempts::Attempt::Complete(Outcome& outcome) const {
  outcome.generation = generation;
  outcome.took = took;
  outcome.made_anew = made_anew;
}

ReloadAttempts::Answered ReloadAttempts::Answer(Outcome outcome, Decision& decision) {
  const Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (!attempt.is_start && IsReload(attempt.cause.origin)) {
    ++succeeded_;
    last_error_.clear();
  }
  attempt.Complete(outcome);
  Answered answered = {.generation = attempt.generation, .outcome = outcome};
  for (const Waiting& waiting : attempt.waiting) {
    if (waiting.until_drained) {
      answered.until_drained.push_back(waiting.request);
    } else {
      decision.Reply(waiting.request, outcome);
    }
  }
  decision.Do(NotifyAction{NotifyAction::What::kReady});
  return answered;
}

ReloadAttempts::Answered ReloadAttempts::Succeed(Outcome outcome, Decision& decision) {
  Answered answered = Answer(std::move(outcome), decision);
  BeginNext(decision);
  return answered;
}

void ReloadAttempts::Fail(const absl::Status& reason, absl::string_view what_serves,
                          Decision& decision) {
  const Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (attempt.is_start) return;
  NoteRefusal(attempt, reason);
  RefuseAll({NameOf(attempt.cause.origin), attempt.load, attempt.generation}, attempt.waiting,
            what_serves, reason, decision);
  decision.Do(NotifyAction{NotifyAction::What::kReady});
  BeginNext(decision);
}

ReloadAttempts::Wait ReloadAttempts::HowWaits(RequestId request) const {
  if (request == 0) return Wait::kNot;
  for (const Pending& pending : pending_) {
    if (Has(pending.waiting, request)) return Wait::kForNext;
  }
  if (!attempt_ || !Has(attempt_->waiting, request)) return Wait::kNot;
  return attempt_->waiting.size() == 1 ? Wait::kAlone : Wait::kWithOthers;
}

void ReloadAttempts::Leave(RequestId request, Outcome outcome, Decision& decision) {
  const auto is_it = [request](const Waiting& waiting) { return waiting.request == request; };
  for (Pending& pending : pending_) std::erase_if(pending.waiting, is_it);
  std::erase_if(pending_, [](const Pending& pending) { return pending.waiting.empty(); });
  if (attempt_) std::erase_if(attempt_->waiting, is_it);
  if (is_committed()) attempt_->Complete(outcome);
  if (!outcome.status.ok()) decision.Log(Severity::kInfo, std::string(outcome.status.message()));
  decision.Reply(request, std::move(outcome));
}

void ReloadAttempts::Cancel(const absl::Status& reason, Decision& decision) {
  struct Cancelled {
    LoadId attempt = 0;
    std::vector<Waiting> waiting{};
  };
  std::map<absl::string_view, Cancelled> all;  // by what was asked
  const auto add = [&all](Origin origin, const std::vector<Waiting>& waiting) -> Cancelled& {
    Cancelled& cancelled = all[NameOf(origin)];
    cancelled.waiting.insert(cancelled.waiting.end(), waiting.begin(), waiting.end());
    return cancelled;
  };
  for (const Pending& pending : std::exchange(pending_, {})) {
    add(pending.cause.origin, pending.waiting);
  }
  const std::optional<Attempt> attempt = std::exchange(attempt_, std::nullopt);
  if (attempt && !attempt->is_start) {
    if (attempt->generation == 0) decision.Do(AbandonLoadAction{attempt->load});
    NoteRefusal(*attempt, reason);
    add(attempt->cause.origin, attempt->waiting).attempt = attempt->load;
    decision.Do(NotifyAction{NotifyAction::What::kReady});
  }
  for (const auto& [what, cancelled] : all) {
    RefuseAll({what, cancelled.attempt}, cancelled.waiting, "", reason, decision);
  }
}

void ReloadAttempts::Refuse(RequestId request, Origin asked, const absl::Status& reason,
                            Decision& decision) {
  RefuseAll({NameOf(asked)}, {{request}}, "", reason, decision);
}

absl::string_view ReloadAttempts::NameOf(RequestId request) const {
  for (const Pending& pending : pending_) {
    if (Has(pending.waiting, request)) return NameOf(pending.cause.origin);
  }
  return NameOf(attempt_ ? attempt_->cause.origin : Origin::kReload);
}

bool ReloadAttempts::Has(const std::vector<Waiting>& waiting, RequestId request) {
  return std::any_of(waiting.begin(), waiting.end(),
                     [request](const Waiting& one) { return one.request == request; });
}

void ReloadAttempts::RefuseAll(const Refused& refused, const std::vector<Waiting>& waiting,
                               absl::string_view what_serves, const absl::Status& reason,
                               Decision& decision) {
  absl::Status refusal(
      CodeOf(reason),
      WithReason(absl::StrCat(refused.what, " refused", what_serves), reason.message()));
  // What is beside the reason, for programs.
  reason.ForEachPayload([&](absl::string_view kind, const absl::Cord& payload) {
    refusal.SetPayload(kind, payload);
  });
  decision.TellOfAttempt(Topic::kReloadRefused, Severity::kError, std::string(refusal.message()),
                         refused.attempt, refused.generation);
  for (const Waiting& one : waiting) decision.Reply(one.request, {.status = refusal});
}

absl::string_view ReloadAttempts::NameOf(Origin origin) {
  switch (origin) {
    case Origin::kStart:
    case Origin::kReload:
      return "reload";
    case Origin::kResume:
      return "resume";
    case Origin::kRollback:
    case Origin::kTrial:
    case Origin::kUndo:
      return "rollback";
    case Origin::kScale:
      return "scale";
    case Origin::kUpgrade:
      return "start of the next workers";
  }
  return "";
}

bool ReloadAttempts::IsReload(Origin origin) {
  return origin == Origin::kReload || origin == Origin::kRollback || origin == Origin::kTrial ||
         origin == Origin::kUndo;
}

void ReloadAttempts::NoteRefusal(const Attempt& attempt, const absl::Status& reason) {
  if (!IsReload(attempt.cause.origin)) return;
  ++refused_;
  last_error_ = std::string(reason.message());
}

}  // namespace muster::master
