#include "muster/worker/http/message/conditional.h"

#include "absl/strings/match.h"
#include "muster/worker/http/message/entity_tag.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {

PreconditionResult Evaluate(const Preconditions& preconditions, const Validators& validators) {
  if (preconditions.if_match.has_value()) {
    if (!ListHasTag(*preconditions.if_match, validators.entity_tag, TagComparison::kStrong)) {
      return PreconditionResult::kFailed;
    }
  } else if (preconditions.if_unmodified_since.has_value()) {
    const auto date = ParseHttpDate(*preconditions.if_unmodified_since);
    if (date.has_value() && validators.modified_seconds > *date) return PreconditionResult::kFailed;
  }
  if (preconditions.if_none_match.has_value()) {
    if (ListHasTag(*preconditions.if_none_match, validators.entity_tag, TagComparison::kWeak)) {
      return PreconditionResult::kNotModified;
    }
  } else if (preconditions.if_modified_since.has_value()) {
    const auto date = ParseHttpDate(*preconditions.if_modified_since);
    if (date.has_value() && validators.modified_seconds <= *date) {
      return PreconditionResult::kNotModified;
    }
  }
  return PreconditionResult::kProceed;
}

bool IfRangeHolds(absl::string_view if_range, const Validators& validators) {
  if (absl::StartsWith(validators.entity_tag, "W/")) return false;
  // A tag begins with a quote; "W/..." is no date either, and so never holds.
  if (!if_range.empty() && if_range.front() == '"') return if_range == validators.entity_tag;
  return ParseHttpDate(if_range) == validators.modified_seconds;
}

}  // namespace muster::worker::http
