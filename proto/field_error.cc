#include "muster/proto/field_error.h"

#include "absl/strings/cord.h"

namespace muster::config {
namespace {

constexpr char kPayload[] = "muster.config/field";

}  // namespace

absl::Status AtField(const absl::Status& status, absl::string_view field) {
  absl::Status result = status;
  // SetPayload has no effect on OK.
  if (!result.GetPayload(kPayload).has_value()) result.SetPayload(kPayload, absl::Cord(field));
  return result;
}

std::string FieldOf(const absl::Status& status) {
  const auto field = status.GetPayload(kPayload);
  return field.has_value() ? std::string(*field) : "";
}

}  // namespace muster::config
