#include "muster/proto/error_reason.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

TEST(ErrorReason, IsRememberedBesideTheError) {
  const absl::Status error = WithErrorReason(absl::AbortedError("late"), "OVERTAKEN");
  EXPECT_EQ(ErrorReasonOf(error), "OVERTAKEN");
  EXPECT_EQ(error.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(error.message(), "late");
}

TEST(ErrorReason, IsTakenFromAnotherError) {
  const absl::Status other = WithErrorReason(absl::AbortedError("late"), "OVERTAKEN");
  EXPECT_EQ(ErrorReasonOf(WithErrorReasonOf(absl::AbortedError("too late"), other)), "OVERTAKEN");
  const absl::Status plain = absl::AbortedError("late");
  EXPECT_EQ(ErrorReasonOf(WithErrorReasonOf(other, plain)), "OVERTAKEN");
  EXPECT_EQ(ErrorReasonOf(WithErrorReasonOf(plain, plain)), "");
}

TEST(ErrorReason, IsEmptyWithoutOne) {
  EXPECT_EQ(ErrorReasonOf(absl::AbortedError("late")), "");
  EXPECT_EQ(ErrorReasonOf(WithErrorReason(absl::OkStatus(), "NONE")), "");
}

}  // namespace
}  // namespace muster::config
