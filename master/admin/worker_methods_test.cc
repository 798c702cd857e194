#include "muster/master/admin/worker_methods.h"

#include <chrono>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using What = WorkerOrderEvent::What;
using admin::v1::ChangeWorkerRequest;

class WorkerMethods : public testing::Test {
 protected:
  WorkerMethods() {
    operations_.change_workers = [this](const WorkerOrderEvent& event,
                                        const AdminOperations::Reply& reply) {
      asked_ = event;
      reply(
          {.generation = 4, .took = std::chrono::seconds(2), .warnings = {"late"}, .restarted = 3});
      return RequestId{5};
    };
  }

  TestCall call_;
  AdminOperations operations_;
  std::optional<WorkerOrderEvent> asked_;
};

TEST_F(WorkerMethods, AnswerARestartWithHowManyWereReplaced) {
  admin::v1::RestartResponse response;
  call_.Bind(AnswerRestart(call_.calls(), operations_, call_.context(), {}, &response));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kRestartAll);
  EXPECT_EQ(asked_->by, "uid 1000 (pid 4711)");
  EXPECT_EQ(response.restarted(), 3u);
  EXPECT_EQ(response.generation(), 4u);
  EXPECT_EQ(response.took().seconds(), 2);
  EXPECT_EQ(response.warning(0), "late");
}

TEST_F(WorkerMethods, PassAChangeOfOneWorkerOn) {
  ChangeWorkerRequest request;
  request.set_index(2);
  request.set_change(ChangeWorkerRequest::QUIT);
  admin::v1::ChangeWorkerResponse response;
  call_.Bind(AnswerChangeWorker(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kQuit);
  EXPECT_EQ(asked_->number, 2u);
  EXPECT_EQ(response.generation(), 4u);
}

TEST_F(WorkerMethods, PassOnWhichProcessIsMeant) {
  ChangeWorkerRequest request;
  request.set_index(0);
  request.set_change(ChangeWorkerRequest::DRAIN);
  request.mutable_only_if()->set_generation(4);
  admin::v1::ChangeWorkerResponse response;
  call_.Bind(AnswerChangeWorker(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(asked_->condition.generation, 4u);
  EXPECT_FALSE(asked_->condition.pid.has_value());
  TestCall second;
  request.mutable_only_if()->set_pid(0);
  second.Bind(
      AnswerChangeWorker(second.calls(), operations_, second.context(), request, &response));
  second.RunLoop();
  EXPECT_EQ(asked_->condition.pid, 0);
}

TEST_F(WorkerMethods, RefuseAChangeThatThereIsNot) {
  ChangeWorkerRequest request;
  admin::v1::ChangeWorkerResponse response;
  call_.Bind(AnswerChangeWorker(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(asked_.has_value());
}

TEST_F(WorkerMethods, RefuseAChangeOfNoWorker) {
  ChangeWorkerRequest request;
  request.set_change(ChangeWorkerRequest::KILL);
  admin::v1::ChangeWorkerResponse response;
  call_.Bind(AnswerChangeWorker(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(), "index: is missing");
  EXPECT_FALSE(asked_.has_value());
}

TEST_F(WorkerMethods, RefuseToHaveNoWorkers) {
  admin::v1::ScaleRequest request;
  admin::v1::ScaleResponse response;
  call_.Bind(AnswerScale(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(call_.status()->error_message(), "workers: is 0; expected 1 to 256");
  EXPECT_FALSE(asked_.has_value());
}

TEST_F(WorkerMethods, AnswerAScaleWithTheNumber) {
  admin::v1::ScaleRequest request;
  request.set_workers(256);
  admin::v1::ScaleResponse response;
  call_.Bind(AnswerScale(call_.calls(), operations_, call_.context(), request, &response));
  call_.RunLoop();
  EXPECT_EQ(asked_->what, What::kScale);
  EXPECT_EQ(asked_->number, 256u);
  EXPECT_EQ(response.workers(), 256u);
}

}  // namespace
}  // namespace muster::master
