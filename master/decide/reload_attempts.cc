#include "muster/master/decide/reload_attempts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "muster/master/decide/reason.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

// proto/admin.proto promises these codes. Others would mean something else to a client.
absl::StatusCode CodeOf(const absl::Status& reason) {
  const bool is_named = absl::IsInvalidArgument(reason) || absl::IsFailedPrecondition(reason);
  return is_named ? reason.code() : absl::StatusCode::kAborted;
}

}  // namespace

void ReloadAttempts::Start(TimePoint now) { attempt_ = Attempt{.is_start = true, .began = now}; }

void ReloadAttempts::Ask(const ReloadEvent& event, Decision& decision) {
  const Waiting waiting = {event.request, event.until_drained, event.condition};
  const RequestId config_of = event.has_config ? event.request : 0;
  if (!attempt_) return Begin({.config_of = config_of, .waiting = {waiting}}, decision);
  if (config_of == 0 && !pending_.empty() && pending_.back().config_of == 0) {
    pending_.back().waiting.push_back(waiting);
  } else if (pending_.size() < kMostPending) {
    pending_.push_back({config_of, {waiting}});
  } else {
    Refuse(event.request,
           absl::FailedPreconditionError(absl::StrCat(kMostPending, " reloads wait already")),
           decision);
  }
}

void ReloadAttempts::Resume(RequestId request, Decision& decision) {
  Begin({.is_resumption = true, .waiting = {{request}}}, decision);
}

absl::Status ReloadAttempts::Check(const ReloadCondition& condition) const {
  std::string other;
  if (condition.generation != 0 && condition.generation != serving_) {
    other = absl::StrCat("generation ", serving_, " serves, not ", condition.generation);
  } else if (!condition.hash.empty() && condition.hash != serving_hash_) {
    other = absl::StrCat("the configuration in force is ", serving_hash_, ", not ", condition.hash);
  }
  if (other.empty()) return absl::OkStatus();
  return config::WithErrorReason(
      absl::FailedPreconditionError(absl::StrCat("reload refused: ", other)), "CONDITION_UNMET");
}

void ReloadAttempts::RefuseUnmet(std::vector<Waiting>& waiting, Decision& decision) const {
  std::erase_if(waiting, [&](const Waiting& one) {
    absl::Status met = Check(one.condition);
    if (met.ok()) return false;
    // Nothing was tried, so it counts as no refused reload.
    decision.Log(Severity::kInfo, std::string(met.message()));
    decision.Reply(one.request, {.status = std::move(met)});
    return true;
  });
}

void ReloadAttempts::Begin(Attempt attempt, Decision& decision) {
  RefuseUnmet(attempt.waiting, decision);
  if (attempt.waiting.empty()) return BeginNext(decision);
  attempt_ = std::move(attempt);
  attempt_->began = decision.now();
  attempt_->load = ++last_load_;
  if (attempt_->is_resumption) {
    decision.TellOfAttempt(Topic::kReloadBegun, Severity::kInfo, "resuming", attempt_->load, 0);
    decision.Do(LoadAgainAction{attempt_->load});
    return;
  }
  attempt_->overdue = decision.now() + kLoadTimeout;
  decision.TellOfAttempt(Topic::kReloadBegun, Severity::kInfo,
                         attempt_->config_of == 0
                             ? "reloading"
                             : "reloading with a configuration that came with a call",
                         attempt_->load, 0);
  decision.Do(NotifyAction{NotifyAction::What::kReloading});
  decision.Do(LoadAction{attempt_->load, attempt_->config_of});
}

void ReloadAttempts::BeginNext(Decision& decision) {
  if (pending_.empty()) return;
  Pending next = std::move(pending_.front());
  pending_.pop_front();
  Begin({.config_of = next.config_of, .waiting = std::move(next.waiting)}, decision);
}

std::uint64_t ReloadAttempts::BeginGeneration(const Settings& settings) {
  settings_ = settings;
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
}

ReloadAttempts::Answered ReloadAttempts::Answer(Outcome outcome, Decision& decision) {
  const Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (!attempt.is_start && !attempt.is_resumption) {
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
  RefuseAll({NameOf(attempt), attempt.load, attempt.generation}, attempt.waiting, what_serves,
            reason, decision);
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
  std::vector<Waiting> waiting;
  for (const Pending& pending : std::exchange(pending_, {})) {
    waiting.insert(waiting.end(), pending.waiting.begin(), pending.waiting.end());
  }
  const std::optional<Attempt> attempt = std::exchange(attempt_, std::nullopt);
  Refused refused = {"reload"};
  if (attempt && !attempt->is_start) {
    if (attempt->generation == 0) decision.Do(AbandonLoadAction{attempt->load});
    NoteRefusal(*attempt, reason);
    if (attempt->is_resumption) {
      RefuseAll({NameOf(*attempt), attempt->load}, attempt->waiting, "", reason, decision);
    } else {
      refused.attempt = attempt->load;
      waiting.insert(waiting.end(), attempt->waiting.begin(), attempt->waiting.end());
    }
    decision.Do(NotifyAction{NotifyAction::What::kReady});
  }
  if (!waiting.empty()) RefuseAll(refused, waiting, "", reason, decision);
}

void ReloadAttempts::Refuse(RequestId request, const absl::Status& reason, Decision& decision) {
  RefuseAll({"reload"}, {{request}}, "", reason, decision);
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

absl::string_view ReloadAttempts::NameOf(const Attempt& attempt) {
  return attempt.is_resumption ? "resume" : "reload";
}

void ReloadAttempts::NoteRefusal(const Attempt& attempt, const absl::Status& reason) {
  if (attempt.is_resumption) return;
  ++refused_;
  last_error_ = std::string(reason.message());
}

}  // namespace muster::master
