#include "muster/ctl/exit_code.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

TEST(ExitCode, IsThatOfTheKindOfError) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOf(absl::AbortedError("x")), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("x")), ExitCode::kUnknown);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("x")), ExitCode::kUnknown);
}

TEST(ExitCode, IsTheOneThatAnErrorBrings) {
  const absl::Status status = ExitWith(ExitCode::kNoMaster, absl::UnavailableError("x"));
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kNoMaster);
  EXPECT_EQ(status.message(), "x");
  EXPECT_TRUE(absl::IsUnavailable(status));
}

}  // namespace
}  // namespace muster::ctl
