#include "muster/proto/error_reason.h"

#include "absl/strings/cord.h"

namespace muster::config {
namespace {

constexpr char kPayload[] = "muster.config/reason";

}  // namespace

absl::Status WithErrorReason(const absl::Status& status, absl::string_view reason) {
  absl::Status result = status;
  // SetPayload has no effect on OK.
  result.SetPayload(kPayload, absl::Cord(reason));
  return result;
}

absl::Status WithErrorReasonOf(const absl::Status& status, const absl::Status& other) {
  const std::string reason = ErrorReasonOf(other);
  return reason.empty() ? status : WithErrorReason(status, reason);
}

std::string ErrorReasonOf(const absl::Status& status) {
  const auto reason = status.GetPayload(kPayload);
  return reason.has_value() ? std::string(*reason) : "";
}

}  // namespace muster::config
