#include "muster/master/admin/call/error_details.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/config/config_mistake.h"
#include "muster/proto/error_details.pb.h"
#include "muster/proto/error_reason.h"

namespace muster::master {
namespace {

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

// The first detail of this type. Its defaults: there is none.
template <typename Detail>
Detail Find(const grpc::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  Detail found;
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&found)) return found;
  }
  return found;
}

TEST(ErrorDetails, AreNoneOfASuccess) {
  const grpc::Status status = ToGrpcStatus(absl::OkStatus());
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_details(), "");
}

TEST(ErrorDetails, HaveTheCodeTheMessageAndAStableReason) {
  const grpc::Status status = ToGrpcStatus(absl::AbortedError("reload refused: why"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "reload refused: why");
  EXPECT_EQ(DetailsOf(status).code(), 10);
  EXPECT_EQ(DetailsOf(status).message(), "reload refused: why");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status).reason(), "UNDONE");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status).domain(), "muster");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(ToGrpcStatus(absl::AbortedError("x"), "MINE")).reason(),
            "MINE");
}

TEST(ErrorDetails, HaveEachMistakeOfAConfigurationWithItsPlace) {
  const grpc::Status status = ToGrpcStatus(config::WithMistakes(
      absl::InvalidArgumentError("two mistakes"),
      {{.field = "listen[0].address", .line = 7, .column = 19, .problem = "is no address"},
       {.field = "worker_processes", .problem = "is 0"}}));
  const auto request = Find<google::rpc::BadRequest>(status);
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(0).field(), "listen[0].address");
  EXPECT_EQ(request.field_violations(0).description(), "line 7, column 19: is no address");
  EXPECT_EQ(request.field_violations(1).description(), "is 0");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status).reason(), "CONFIGURATION_MISTAKES");
}

TEST(ErrorDetails, HaveTheReasonThatAnErrorHasOfItsOwn) {
  const absl::Status error = absl::FailedPreconditionError("generation 5 serves, not 4");
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(ToGrpcStatus(error)).reason(), "MASTER_STATE");
  EXPECT_EQ(
      Find<google::rpc::ErrorInfo>(ToGrpcStatus(config::WithErrorReason(error, "CONDITION_UNMET")))
          .reason(),
      "CONDITION_UNMET");
}

TEST(ErrorDetails, SayThatTheMastersStateIsInTheWay) {
  const auto failure = Find<google::rpc::PreconditionFailure>(
      ToGrpcStatus(absl::FailedPreconditionError("the master is stopping")));
  ASSERT_EQ(failure.violations_size(), 1);
  EXPECT_EQ(failure.violations(0).type(), "STATE");
  EXPECT_EQ(failure.violations(0).description(), "the master is stopping");
}

TEST(ErrorDetails, FitIntoTheMetadataWhateverTheMistakesAre) {
  std::vector<config::ConfigMistake> mistakes;
  for (int i = 0; i < 1000; ++i) {
    mistakes.push_back({.field = absl::StrCat("listen[", i, "]"),
                        .line = i,
                        .column = 1,
                        .problem = std::string(100, 'x')});
  }
  for (const std::size_t size : {10u, 3000u, 5000u}) {
    const grpc::Status status = ToGrpcStatus(
        config::WithMistakes(absl::InvalidArgumentError(std::string(size, '\xff')), mistakes));
    EXPECT_LE(status.error_details().size(), kMostDetailBytes);
    EXPECT_EQ(Find<google::rpc::ErrorInfo>(status).domain(), "muster");
  }
}

}  // namespace
}  // namespace muster::master
