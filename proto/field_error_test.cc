#include "muster/proto/field_error.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/status.h"

namespace muster::config {
namespace {

const absl::Status kTrouble = absl::PermissionDeniedError("bind 127.0.0.1:80: Permission denied");

TEST(FieldError, HasTheFieldBesideItsMessage) {
  const absl::Status status = AtField(kTrouble, "listen[0].address");
  EXPECT_EQ(status.code(), kTrouble.code());
  EXPECT_EQ(status.message(), kTrouble.message());
  EXPECT_EQ(FieldOf(status), "listen[0].address");
}

TEST(FieldError, HasNoFieldUnlessItIsGivenOne) { EXPECT_EQ(FieldOf(kTrouble), ""); }

TEST(FieldError, KeepsTheFieldThatItGotWhereItAppeared) {
  EXPECT_EQ(FieldOf(AtField(AtField(kTrouble, "zone[1].size_bytes"), "zone")),
            "zone[1].size_bytes");
}

TEST(FieldError, KeepsItsFieldWhenItIsAnnotated) {
  const absl::Status status = ipc::Annotate(AtField(kTrouble, "listen[0].address"), "worker 3");
  EXPECT_EQ(status.message(), "worker 3: bind 127.0.0.1:80: Permission denied");
  EXPECT_EQ(FieldOf(status), "listen[0].address");
}

TEST(FieldError, IsNoneWhereThereIsNoError) {
  EXPECT_TRUE(AtField(absl::OkStatus(), "pid_file").ok());
  EXPECT_EQ(FieldOf(AtField(absl::OkStatus(), "pid_file")), "");
}

}  // namespace
}  // namespace muster::config
