#include "muster/master/admin/call/error_details.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/config/config_mistake.h"
#include "muster/log/printable.h"
#include "muster/proto/error_details.pb.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

constexpr char kDomain[] = "muster";
constexpr std::size_t kMostTextBytes = 512;

absl::string_view ReasonOfCode(const absl::Status& status, bool has_mistakes) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return has_mistakes ? "CONFIGURATION_MISTAKES" : "REQUEST_UNFIT";
    case absl::StatusCode::kFailedPrecondition:
      return "MASTER_STATE";
    case absl::StatusCode::kAborted:
      return "UNDONE";
    case absl::StatusCode::kDeadlineExceeded:
      return "NO_ANSWER_IN_TIME";
    case absl::StatusCode::kCancelled:
      return "GOES_ON";
    case absl::StatusCode::kUnavailable:
      return "MASTER_LEAVES";
    case absl::StatusCode::kPermissionDenied:
      return "RULES";
    case absl::StatusCode::kAlreadyExists:
      return "CALL_ID_USED";
    case absl::StatusCode::kNotFound:
      return "UNKNOWN_NAME";
    case absl::StatusCode::kResourceExhausted:
      return "BUSY";
    default:
      return "OTHER";
  }
}

std::string ReasonOf(const absl::Status& status, bool has_mistakes) {
  const std::string own = config::ErrorReasonOf(status);
  return own.empty() ? std::string(ReasonOfCode(status, has_mistakes)) : own;
}

// Valid UTF-8 of bounded size, of what is told in whole elsewhere.
std::string Told(absl::string_view text) {
  std::string told = log::Printable(text);
  log::CutLine(told, kMostTextBytes);
  return told;
}

std::string DescriptionOf(const config::ConfigMistake& mistake) {
  if (mistake.line == 0) return mistake.problem;
  return absl::StrCat("line ", mistake.line, ", column ", mistake.column, ": ", mistake.problem);
}

// As many of the mistakes as there is room for.
google::rpc::BadRequest BadRequestOf(const std::vector<config::ConfigMistake>& mistakes,
                                     std::size_t room) {
  google::rpc::BadRequest request;
  std::size_t size = 0;
  for (const config::ConfigMistake& mistake : mistakes) {
    google::rpc::BadRequest::FieldViolation violation;
    violation.set_field(mistake.field);
    violation.set_description(Told(DescriptionOf(mistake)));
    size += violation.ByteSizeLong() + 4;
    if (size > room) break;
    *request.add_field_violations() = violation;
  }
  return request;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view reason) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message(status.message());
  // The codes of both have the same values.
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::vector<config::ConfigMistake> mistakes = config::MistakesOf(status);

  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  google::rpc::ErrorInfo info;
  info.set_reason(reason.empty() ? ReasonOf(status, !mistakes.empty()) : std::string(reason));
  info.set_domain(kDomain);
  details.add_details()->PackFrom(info);
  if (!mistakes.empty() && message.size() <= kMostDetailBytes) {
    details.add_details()->PackFrom(
        BadRequestOf(mistakes, kMostDetailBytes - kMostTextBytes - 256));
  } else if (absl::IsFailedPrecondition(status)) {
    google::rpc::PreconditionFailure failure;
    google::rpc::PreconditionFailure::Violation* violation = failure.add_violations();
    violation->set_type("STATE");
    violation->set_subject("master");
    violation->set_description(Told(message));
    details.add_details()->PackFrom(failure);
  }
  details.set_message(Told(message));
  return {code, message, details.SerializeAsString()};
}

}  // namespace muster::master
