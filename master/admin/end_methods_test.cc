#include "muster/master/admin/end_methods.h"

#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

const admin::v1::QuitRequest kQuit;
const admin::v1::StopRequest kStop;

const Outcome kOutcome = {.exited = 2, .killed = 1, .connections_closed = 5, .requests_cut = 3};

TEST(EndMethods, AnswerAQuitWithHowTheWorkersEnded) {
  TestCall call;
  AdminOperations operations;
  operations.quit = AnsweredWith(kOutcome);
  admin::v1::QuitResponse response;
  call.Bind(AnswerQuit(call.calls(), operations, call.context(), &kQuit, &response));
  call.RunLoop();
  EXPECT_EQ(response.exited(), 2u);
  EXPECT_EQ(response.killed(), 1u);
  EXPECT_EQ(response.connections_closed(), 5u);
  EXPECT_EQ(response.requests_cut(), 3u);
}

TEST(EndMethods, AnswerAStopWithHowTheWorkersEnded) {
  TestCall call;
  AdminOperations operations;
  operations.stop = AnsweredWith(kOutcome);
  admin::v1::StopResponse response;
  call.Bind(AnswerStop(call.calls(), operations, call.context(), &kStop, &response));
  call.RunLoop();
  EXPECT_EQ(response.exited(), 2u);
  EXPECT_EQ(response.killed(), 1u);
  EXPECT_EQ(response.connections_closed(), 5u);
  EXPECT_EQ(response.requests_cut(), 3u);
}

}  // namespace
}  // namespace muster::master
