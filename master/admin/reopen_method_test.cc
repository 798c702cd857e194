#include "muster/master/admin/reopen_method.h"

#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

const admin::v1::ReopenRequest kReopen;

TEST(ReopenMethod, AnswersWithTheNumberOfWorkers) {
  TestCall call;
  AdminOperations operations;
  operations.reopen = AnsweredWith({.reopened = 4});
  admin::v1::ReopenResponse response;
  call.Bind(AnswerReopen(call.calls(), operations, call.context(), &kReopen, &response));
  call.RunLoop();
  EXPECT_EQ(response.workers(), 4u);
}

}  // namespace
}  // namespace muster::master
