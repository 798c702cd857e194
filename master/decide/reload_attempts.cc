#include "muster/master/decide/reload_attempts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "muster/master/decide/reason.h"

namespace muster::master {
namespace {

// proto/admin.proto promises these codes. Others would mean something else to a client.
absl::StatusCode CodeOf(const absl::Status& reason) {
  const bool is_named = absl::IsInvalidArgument(reason) || absl::IsFailedPrecondition(reason);
  return is_named ? reason.code() : absl::StatusCode::kAborted;
}

bool Has(const std::vector<RequestId>& requests, RequestId request) {
  return std::find(requests.begin(), requests.end(), request) != requests.end();
}

// `what`: "reload" or "resume".
void RefuseAll(absl::string_view what, const std::vector<RequestId>& waiting,
               absl::string_view what_serves, const absl::Status& reason, Decision& decision) {
  absl::Status refusal(CodeOf(reason),
                       WithReason(absl::StrCat(what, " refused", what_serves), reason.message()));
  // What is beside the reason, for programs.
  reason.ForEachPayload([&](absl::string_view kind, const absl::Cord& payload) {
    refusal.SetPayload(kind, payload);
  });
  decision.Log(Severity::kError, std::string(refusal.message()));
  for (const RequestId request : waiting) decision.Reply(request, {.status = refusal});
}

}  // namespace

void ReloadAttempts::Start(TimePoint now) { attempt_ = Attempt{.is_start = true, .began = now}; }

void ReloadAttempts::Ask(RequestId request, Decision& decision) {
  if (attempt_) {
    pending_.push_back(request);
  } else {
    Begin({.waiting = {request}}, decision);
  }
}

void ReloadAttempts::Resume(RequestId request, Decision& decision) {
  Begin({.is_resumption = true, .waiting = {request}}, decision);
}

void ReloadAttempts::Begin(Attempt attempt, Decision& decision) {
  attempt_ = std::move(attempt);
  attempt_->began = decision.now();
  attempt_->load = ++last_load_;
  if (attempt_->is_resumption) {
    decision.Log(Severity::kInfo, "resuming");
    decision.Do(LoadAgainAction{attempt_->load});
    return;
  }
  attempt_->overdue = decision.now() + kLoadTimeout;
  decision.Log(Severity::kInfo, "reloading");
  decision.Do(NotifyAction{NotifyAction::What::kReloading});
  decision.Do(LoadAction{attempt_->load});
}

void ReloadAttempts::BeginPending(Decision& decision) {
  if (!pending_.empty()) Begin({.waiting = std::exchange(pending_, {})}, decision);
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
}

void ReloadAttempts::Attempt::Complete(Outcome& outcome) const {
  outcome.generation = generation;
  outcome.took = took;
}

void ReloadAttempts::Answer(Outcome outcome, Decision& decision) {
  const Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (!attempt.is_start && !attempt.is_resumption) {
    ++succeeded_;
    last_error_.clear();
  }
  attempt.Complete(outcome);
  for (const RequestId request : attempt.waiting) decision.Reply(request, outcome);
  decision.Do(NotifyAction{NotifyAction::What::kReady});
}

void ReloadAttempts::Succeed(Outcome outcome, Decision& decision) {
  Answer(std::move(outcome), decision);
  BeginPending(decision);
}

void ReloadAttempts::Fail(const absl::Status& reason, absl::string_view what_serves,
                          Decision& decision) {
  const Attempt attempt = *std::exchange(attempt_, std::nullopt);
  if (attempt.is_start) return;
  NoteRefusal(attempt, reason);
  RefuseAll(NameOf(attempt), attempt.waiting, what_serves, reason, decision);
  decision.Do(NotifyAction{NotifyAction::What::kReady});
  BeginPending(decision);
}

ReloadAttempts::Wait ReloadAttempts::HowWaits(RequestId request) const {
  if (request == 0) return Wait::kNot;
  if (Has(pending_, request)) return Wait::kForNext;
  if (!attempt_ || !Has(attempt_->waiting, request)) return Wait::kNot;
  return attempt_->waiting.size() == 1 ? Wait::kAlone : Wait::kWithOthers;
}

void ReloadAttempts::Leave(RequestId request, Outcome outcome, Decision& decision) {
  std::erase(pending_, request);
  if (attempt_) std::erase(attempt_->waiting, request);
  if (is_committed()) attempt_->Complete(outcome);
  if (!outcome.status.ok()) decision.Log(Severity::kInfo, std::string(outcome.status.message()));
  decision.Reply(request, std::move(outcome));
}

void ReloadAttempts::Cancel(const absl::Status& reason, Decision& decision) {
  std::vector<RequestId> waiting = std::exchange(pending_, {});
  const std::optional<Attempt> attempt = std::exchange(attempt_, std::nullopt);
  if (attempt && !attempt->is_start) {
    if (attempt->generation == 0) decision.Do(AbandonLoadAction{attempt->load});
    NoteRefusal(*attempt, reason);
    if (attempt->is_resumption) {
      RefuseAll(NameOf(*attempt), attempt->waiting, "", reason, decision);
    } else {
      waiting.insert(waiting.end(), attempt->waiting.begin(), attempt->waiting.end());
    }
    decision.Do(NotifyAction{NotifyAction::What::kReady});
  }
  if (!waiting.empty()) RefuseAll("reload", waiting, "", reason, decision);
}

void ReloadAttempts::Refuse(RequestId request, const absl::Status& reason, Decision& decision) {
  RefuseAll("reload", {request}, "", reason, decision);
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
