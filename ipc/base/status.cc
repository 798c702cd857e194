#include "muster/ipc/base/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace muster::ipc {

namespace {

// The codes of errors that absl calls unknown, and that our calls meet.
absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ELOOP:
    case EMSGSIZE:
      return absl::StatusCode::kInvalidArgument;
    case ETOOMANYREFS:
      return absl::StatusCode::kResourceExhausted;
    case EIDRM:
      return absl::StatusCode::kNotFound;
    default:
      return absl::ErrnoToStatusCode(error);
  }
}

}  // namespace

absl::Status ErrnoStatus(absl::string_view what, int error) {
  return absl::Status(CodeOf(error), absl::ErrnoToStatus(error, what).message());
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    annotated.SetPayload(type, payload);
  });
  return annotated;
}

}  // namespace muster::ipc
