#include "muster/ipc/base/status.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

absl::Status Propagate(const absl::Status& status) {
  MUSTER_RETURN_IF_ERROR(status);
  return absl::AlreadyExistsError("went on");
}

absl::StatusOr<int> Double(const absl::StatusOr<int>& number) {
  MUSTER_ASSIGN_OR_RETURN(const int value, number);
  return 2 * value;
}

TEST(ErrnoStatus, NamesTheCallTheObjectAndTheReason) {
  const absl::Status status = ErrnoStatus("bind 127.0.0.1:80", EACCES);
  EXPECT_EQ(status.message(), "bind 127.0.0.1:80: Permission denied");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
}

TEST(ErrnoStatus, KnowsTheErrorsOfMessages) {
  EXPECT_EQ(ErrnoStatus("send", EMSGSIZE).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrnoStatus("send", ETOOMANYREFS).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus("msgrcv", EIDRM).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrnoStatus("open /x", ELOOP).message(), "open /x: Too many levels of symbolic links");
}

TEST(Annotate, PutsTheContextInFront) {
  const absl::Status status = Annotate(absl::NotFoundError("no such slot"), "slot 7");
  EXPECT_EQ(status.message(), "slot 7: no such slot");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

TEST(Annotate, KeepsPayloads) {
  absl::Status status = absl::NotFoundError("no such slot");
  status.SetPayload("example/slot", absl::Cord("7"));
  EXPECT_EQ(Annotate(status, "slot 7").GetPayload("example/slot"), absl::Cord("7"));
}

TEST(Annotate, LeavesOkAlone) { EXPECT_TRUE(Annotate(absl::OkStatus(), "slot 7").ok()); }

TEST(ReturnIfError, ReturnsTheError) {
  EXPECT_EQ(Propagate(absl::NotFoundError("x")), absl::NotFoundError("x"));
}

TEST(ReturnIfError, GoesOnAfterOk) {
  EXPECT_EQ(Propagate(absl::OkStatus()), absl::AlreadyExistsError("went on"));
}

TEST(AssignOrReturn, AssignsTheValue) { EXPECT_EQ(*Double(21), 42); }

TEST(AssignOrReturn, ReturnsTheError) {
  EXPECT_EQ(Double(absl::NotFoundError("x")).status(), absl::NotFoundError("x"));
}

}  // namespace
}  // namespace muster::ipc
