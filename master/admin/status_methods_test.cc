#include "muster/master/admin/status_methods.h"

#include <string>

#include "gtest/gtest.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

class StatusMethodsTest : public testing::Test {
 protected:
  StatusMethodsTest() {
    operations_.write_status = [this](StatusPart part) {
      asked_ = part;
      return std::string("as it is written");
    };
  }

  TestCall call_;
  AdminOperations operations_;
  StatusPart asked_ = StatusPart::kStatus;
};

TEST_F(StatusMethodsTest, AnswerWithWhatIsWrittenOfThePart) {
  grpc::ByteBuffer response;
  call_.Bind(
      AnswerStatus(call_.calls(), operations_, StatusPart::kStats, call_.context(), &response));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_TRUE(call_.status()->ok());
  EXPECT_EQ(asked_, StatusPart::kStats);
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), "as it is written");
}

TEST_F(StatusMethodsTest, AnswerNothingMoreOnceTheMasterLeaves) {
  call_.calls().Close();
  grpc::ByteBuffer response;
  call_.Bind(
      AnswerStatus(call_.calls(), operations_, StatusPart::kStatus, call_.context(), &response));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(response.Length(), 0u);
}

}  // namespace
}  // namespace muster::master
