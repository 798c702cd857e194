#include "muster/master/admin/pause_methods.h"

#include <chrono>
#include <string>

#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

const admin::v1::PauseRequest kPause;
const admin::v1::ResumeRequest kResume;

TEST(PauseMethods, AnswerAPauseWithHowTheWorkersEnded) {
  TestCall call;
  AdminOperations operations;
  operations.pause =
      AnsweredWith({.exited = 2, .killed = 1, .connections_closed = 5, .requests_cut = 3});
  admin::v1::PauseResponse response;
  call.Bind(AnswerPause(call.calls(), operations, call.context(), &kPause, &response));
  call.RunLoop();
  EXPECT_EQ(response.exited(), 2u);
  EXPECT_EQ(response.killed(), 1u);
  EXPECT_EQ(response.connections_closed(), 5u);
  EXPECT_EQ(response.requests_cut(), 3u);
}

TEST(PauseMethods, AnswerAResumptionWithTheGenerationThatServes) {
  TestCall call;
  AdminOperations operations;
  std::string asked_by;
  operations.resume = [&](const std::string& by, const AdminOperations::Reply& reply) {
    asked_by = by;
    reply({.generation = 7, .took = std::chrono::seconds(2), .warnings = {"late"}});
    return RequestId{5};
  };
  operations.status = [] {
    admin::v1::Status status;
    status.add_workers()->set_generation(6);
    status.add_workers()->set_generation(7);
    return status;
  };
  admin::v1::ResumeResponse response;
  call.Bind(AnswerResume(call.calls(), operations, call.context(), &kResume, &response));
  call.RunLoop();
  EXPECT_EQ(asked_by, "uid 1000 (pid 4711)");
  EXPECT_EQ(response.generation(), 7u);
  EXPECT_EQ(response.took().seconds(), 2);
  ASSERT_EQ(response.warning_size(), 1);
  EXPECT_EQ(response.warning(0), "late");
  ASSERT_EQ(response.workers_size(), 1);
  EXPECT_EQ(response.workers(0).generation(), 7u);
}

}  // namespace
}  // namespace muster::master
