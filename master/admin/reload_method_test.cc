#include "muster/master/admin/reload_method.h"

#include <chrono>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

// A master with a worker of generation 6, pid 101, and one of generation 7, pid 102.
class ReloadMethodTest : public testing::Test {
 protected:
  ReloadMethodTest() {
    operations_.status = [] {
      admin::v1::Status status;
      admin::v1::Worker* worker = status.add_workers();
      worker->set_generation(6);
      worker->set_pid(101);
      worker = status.add_workers();
      worker->set_generation(7);
      worker->set_pid(102);
      return status;
    };
  }

  // The terms are noted.
  AdminOperations::ReloadOrder Answered(const Outcome& outcome) {
    return [this, outcome](const ReloadTerms& terms, const AdminOperations::Reply& reply) {
      terms_ = terms;
      return AnsweredWith(outcome)(reply);
    };
  }

  TestCall call_;
  AdminOperations operations_;
  ReloadTerms terms_;
  admin::v1::ReloadResponse response_;
};

TEST_F(ReloadMethodTest, AnswersWithTheNewGenerationAndItsWorkers) {
  operations_.reload = Answered({.generation = 7});
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  EXPECT_EQ(response_.generation(), 7u);
  ASSERT_EQ(response_.workers_size(), 1);
  EXPECT_EQ(response_.workers(0).pid(), 102);
}

TEST_F(ReloadMethodTest, AnswersWithTheTimeThatItTook) {
  operations_.reload = Answered({.took = std::chrono::milliseconds(1500)});
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  EXPECT_EQ(response_.took().seconds(), 1);
  EXPECT_EQ(response_.took().nanos(), 500'000'000);
}

TEST_F(ReloadMethodTest, AnswersWithWhatDidNotGoAsItShould) {
  operations_.reload =
      Answered({.warnings = {"worker 0 of generation 6 (pid 101) has not begun to drain within 5s"},
                .connections_held = 7,
                .connections_kept = 2,
                .connections_cut = 3});
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  ASSERT_EQ(response_.warning_size(), 1);
  EXPECT_EQ(response_.warning(0),
            "worker 0 of generation 6 (pid 101) has not begun to drain within 5s");
  EXPECT_EQ(response_.connections_held(), 7u);
  EXPECT_EQ(response_.connections_kept(), 2u);
  EXPECT_EQ(response_.connections_cut(), 3u);
}

TEST_F(ReloadMethodTest, PassesOnItsCondition) {
  operations_.reload = Answered({});
  const std::string hash(64, 'a');
  admin::v1::ReloadRequest request;
  request.mutable_only_if()->set_generation(6);
  request.mutable_only_if()->set_hash(hash);
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_EQ(terms_.condition.generation, 6u);
  EXPECT_EQ(terms_.condition.hash, hash);
}

TEST_F(ReloadMethodTest, RefusesAConditionThatNoConfigurationMeets) {
  bool is_asked = false;
  operations_.reload = [&](const ReloadTerms&, const AdminOperations::Reply&) {
    is_asked = true;
    return RequestId{0};
  };
  admin::v1::ReloadConfigTextRequest request;
  request.mutable_only_if()->set_hash(std::string(64, 'A'));
  call_.Bind(
      AnswerReloadConfigText(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_FALSE(is_asked);
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ReloadMethodTest, RefusesToWaitForWhatItDoesNotKnow) {
  bool is_asked = false;
  operations_.reload = [&](const ReloadTerms&, const AdminOperations::Reply&) {
    is_asked = true;
    return RequestId{0};
  };
  admin::v1::ReloadRequest request;
  request.set_wait(static_cast<admin::v1::ReloadRequest::Wait>(99));
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_FALSE(is_asked);
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(), "wait: there is no moment 99 to wait for");
}

TEST_F(ReloadMethodTest, PassesOnWhatTheCallAsksFor) {
  operations_.reload =
      Answered({.connections_ended = 4, .exited = 2, .killed = 1, .connections_closed = 99});
  admin::v1::ReloadRequest request;
  request.set_wait(admin::v1::ReloadRequest::DRAINED);
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), request, &response_));
  call_.RunLoop();
  EXPECT_TRUE(terms_.until_drained);
  EXPECT_FALSE(terms_.config.has_value());
  EXPECT_EQ(response_.connections_ended(), 4u);
  EXPECT_EQ(response_.exited(), 2u);
  EXPECT_EQ(response_.killed(), 1u);
}

TEST_F(ReloadMethodTest, PassesOnTheConfigurationThatTheCallBrings) {
  operations_.reload = Answered({.generation = 7});
  admin::v1::ReloadConfigTextRequest request;
  request.mutable_config()->set_text("listen {}");
  call_.Bind(
      AnswerReloadConfigText(call_.calls(), operations_, call_.context(), request, &response_));
  request.Clear();
  call_.RunLoop();
  ASSERT_TRUE(terms_.config.has_value());
  EXPECT_EQ(terms_.config->text(), "listen {}");
  EXPECT_FALSE(terms_.until_drained);
  EXPECT_EQ(response_.generation(), 7u);
}

TEST_F(ReloadMethodTest, AnswersARefusalWithItsReason) {
  operations_.reload =
      Answered({.status = absl::InvalidArgumentError("muster.textproto:3:1: acept: unknown")});
  call_.Bind(AnswerReload(call_.calls(), operations_, call_.context(), {}, &response_));
  call_.RunLoop();
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(), "muster.textproto:3:1: acept: unknown");
}

}  // namespace
}  // namespace muster::master
