#include "muster/ctl/exit_code.h"

#include <string>

#include "absl/strings/cord.h"

namespace muster::ctl {
namespace {

constexpr char kPayload[] = "muster.ctl/exit_code";

}  // namespace

absl::Status ExitWith(ExitCode code, absl::Status error) {
  error.SetPayload(kPayload, absl::Cord(std::string(1, static_cast<char>(code))));
  return error;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kDone;
  if (const auto code = status.GetPayload(kPayload)) {
    return static_cast<ExitCode>((*code)[0]);
  }
  return absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status) ? ExitCode::kUnknown
                                                                         : ExitCode::kFailed;
}

}  // namespace muster::ctl
