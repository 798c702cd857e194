#include "muster/ctl/master/call_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ctl/text/units.h"

namespace muster::ctl {

absl::Status ExplainCall(const grpc::Status& status, absl::Duration limit, ipc::Deadline deadline,
                         absl::string_view tail, absl::string_view other_cause) {
  const std::string message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      // The master has deadlines of its own, and its message says which: that is an answer.
      if (!deadline.has_passed()) return absl::AbortedError(message);
      return absl::DeadlineExceededError(
          absl::StrCat("no answer within ", FormatElapsed(limit), tail));
    case grpc::StatusCode::CANCELLED:
      // It could not be undone before the deadline; the message says what goes on.
      return absl::DeadlineExceededError(absl::StrCat(message, "; ask ctl status"));
    case grpc::StatusCode::UNAVAILABLE:
      // It says itself what it is about.
      if (absl::StrContains(status.error_details(), "UPGRADING")) {
        return absl::UnavailableError(message);
      }
      return absl::UnavailableError(absl::StrCat(
          "the connection was lost before the answer came: ", message,
          "; the master has ended, or another program listens there", other_cause, tail));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError("this master does not know the command; is it older?");
    default:
      break;
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  return absl::Status(code, message.empty() ? absl::StatusCodeToString(code) : message);
}

}  // namespace muster::ctl
