#include "muster/master/admin/upgrade_methods.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using What = UpgradeEvent::What;

class UpgradeMethods : public testing::Test {
 protected:
  UpgradeMethods() {
    operations_.upgrade = [this](const UpgradeEvent& terms, const AdminOperations::Reply& reply) {
      asked_ = terms;
      reply({.status = answer_, .warnings = {"late"}});
      return RequestId{5};
    };
    operations_.status = [] {
      admin::v1::Status status;
      status.mutable_master()->mutable_upgrade()->set_to_version("0.2.0");
      return status;
    };
  }

  TestCall call_;
  AdminOperations operations_;
  absl::Status answer_;
  std::optional<UpgradeEvent> asked_;
  admin::v1::UpgradeResponse response_;
};

TEST_F(UpgradeMethods, PassAnUpgradeOnWithWhoAsks) {
  admin::v1::UpgradeRequest request;
  request.set_master_file("/opt/muster/master");
  request.set_worker_file("/opt/muster/worker");
  call_.Bind(AnswerUpgrade(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kUpgrade);
  EXPECT_EQ(asked_->by, "uid 1000 (pid 4711)");
  EXPECT_EQ(asked_->master_file, "/opt/muster/master");
  EXPECT_EQ(asked_->worker_file, "/opt/muster/worker");
  EXPECT_EQ(response_.upgrade().to_version(), "0.2.0");
  EXPECT_EQ(response_.warning(0), "late");
}

TEST_F(UpgradeMethods, RefuseARelativePathWithItsField) {
  admin::v1::UpgradeRequest request;
  request.set_worker_file("bin/worker");
  call_.Bind(AnswerUpgrade(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_FALSE(asked_.has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(),
            "worker_file: is bin/worker; expected an absolute path");
}

TEST_F(UpgradeMethods, PassTheReasonOfARefusalOn) {
  answer_ = absl::FailedPreconditionError("a reload is under way");
  call_.Bind(AnswerUndoUpgrade(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kUndo);
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(call_.status()->error_message(), "a reload is under way");
}

TEST_F(UpgradeMethods, PassACommitOn) {
  call_.Bind(AnswerCommitUpgrade(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kCommit);
  EXPECT_TRUE(call_.status()->ok());
}

}  // namespace
}  // namespace muster::master
