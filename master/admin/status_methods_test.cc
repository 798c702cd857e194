#include "muster/master/admin/status_methods.h"

#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

class StatusMethodsTest : public testing::Test {
 protected:
  StatusMethodsTest() {
    operations_.status = [] {
      admin::v1::Status status;
      status.mutable_master()->set_generation(7);
      status.add_workers()->set_pid(101);
      status.add_workers()->set_pid(102);
      status.mutable_stats()->set_crashes(3);
      status.mutable_stats()->mutable_ended()->set_requests(9);
      return status;
    };
  }

  TestCall call_;
  AdminOperations operations_;
};

TEST_F(StatusMethodsTest, GetTheWholeStatus) {
  admin::v1::Status response;
  call_.Bind(AnswerGetStatus(call_.calls(), operations_, call_.context(), &response));
  call_.RunLoop();
  EXPECT_EQ(response.master().generation(), 7u);
  EXPECT_EQ(response.workers_size(), 2);
  EXPECT_EQ(response.stats().crashes(), 3u);
}

TEST_F(StatusMethodsTest, ListTheWorkersWithTheTotalsOfThoseThatEnded) {
  admin::v1::ListWorkersResponse response;
  call_.Bind(AnswerListWorkers(call_.calls(), operations_, call_.context(), &response));
  call_.RunLoop();
  ASSERT_EQ(response.workers_size(), 2);
  EXPECT_EQ(response.workers(1).pid(), 102);
  EXPECT_EQ(response.ended().requests(), 9u);
}

TEST_F(StatusMethodsTest, GetTheStats) {
  admin::v1::Stats response;
  call_.Bind(AnswerGetStats(call_.calls(), operations_, call_.context(), &response));
  call_.RunLoop();
  EXPECT_EQ(response.crashes(), 3u);
}

}  // namespace
}  // namespace muster::master
