#ifndef MUSTER_WORKER_HTTP_MESSAGE_CONDITIONAL_H_
#define MUSTER_WORKER_HTTP_MESSAGE_CONDITIONAL_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// The validators of what is about to be served.
struct Validators {
  // With its quotes. A weak one says that the content may change and keep its date, too.
  absl::string_view entity_tag;
  std::int64_t modified_seconds = 0;
};

// The values of the fields that make a request conditional.
struct Preconditions {
  std::optional<absl::string_view> if_match = std::nullopt;
  std::optional<absl::string_view> if_unmodified_since = std::nullopt;
  std::optional<absl::string_view> if_none_match = std::nullopt;
  std::optional<absl::string_view> if_modified_since = std::nullopt;
};

enum class PreconditionResult { kProceed, kNotModified, kFailed };

// Of a GET or HEAD, in the order of RFC 9110, 13.2.2. A date that cannot be read is as none.
PreconditionResult Evaluate(const Preconditions& preconditions, const Validators& validators);

// Whether a Range counts under this If-Range: the same strong tag, or just the date of the last
// modification. Never while the tag is weak.
bool IfRangeHolds(absl::string_view if_range, const Validators& validators);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_CONDITIONAL_H_
