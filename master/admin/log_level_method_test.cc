#include "muster/master/admin/log_level_method.h"

#include <utility>

#include "gtest/gtest.h"
#include "muster/master/admin/report/log_level.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

using admin::v1::Event;
using config::v1::Log;

class LogLevelMethodTest : public testing::Test {
 protected:
  LogLevelMethodTest() {
    operations_.set_log_level = [this](Log::Level level) { return std::exchange(level_, level); };
  }
  void Set(Event::Severity level) {
    admin::v1::SetLogLevelRequest request;
    request.set_level(level);
    call_.Bind(AnswerSetLogLevel(call_.calls(), operations_, call_.context(), request, &response_));
    request.Clear();
    call_.RunLoop();
  }

  TestCall call_;
  AdminOperations operations_;
  Log::Level level_ = Log::WARN;
  admin::v1::SetLogLevelResponse response_;
};

TEST_F(LogLevelMethodTest, SetsTheLevelAndTellsTheOneUntilNow) {
  Set(Event::DEBUG);
  EXPECT_EQ(level_, Log::DEBUG);
  EXPECT_EQ(response_.previous(), Event::WARNING);
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_TRUE(call_.status()->ok());
}

TEST_F(LogLevelMethodTest, RefusesWhatIsNoLevel) {
  Set(static_cast<Event::Severity>(7));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(level_, Log::WARN);
}

TEST(LogLevel, HasASeverityForEachLevel) {
  for (const Log::Level level : {Log::DEBUG, Log::INFO, Log::WARN, Log::ERROR}) {
    EXPECT_EQ(ToConfigLevel(ToSeverity(level)), level);
  }
  EXPECT_EQ(ToConfigLevel(Event::SEVERITY_UNSPECIFIED), std::nullopt);
}

}  // namespace
}  // namespace muster::master
