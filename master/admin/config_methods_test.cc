#include "muster/master/admin/config_methods.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/master/admin/test_call.h"

namespace muster::master {
namespace {

class ConfigMethodsTest : public testing::Test {
 protected:
  ConfigMethodsTest() {
    operations_.check_config = [this](const admin::v1::ConfigText* text, const auto& answer) {
      checked_ = text == nullptr ? "the file" : text->text();
      answer_ = answer;
    };
  }

  TestCall call_;
  AdminOperations operations_;
  std::string checked_;
  AdminOperations::Answer<admin::v1::ConfigCheck> answer_;
  admin::v1::ConfigCheck response_;
};

TEST_F(ConfigMethodsTest, GiveTheConfigurationThatTheMasterTells) {
  operations_.config = [](const auto& answer) {
    admin::v1::ActiveConfig config;
    config.set_hash("abc");
    answer(config);
  };
  admin::v1::ActiveConfig response;
  call_.Bind(AnswerGetConfig(call_.calls(), operations_, &response));
  EXPECT_FALSE(call_.status().has_value()) << "not before the loop runs";
  call_.RunLoop();
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_TRUE(call_.status()->ok());
  EXPECT_EQ(response.hash(), "abc");
}

TEST_F(ConfigMethodsTest, AnswerWhenTheCheckIsOver) {
  call_.Bind(AnswerCheckConfig(call_.calls(), operations_, &response_));
  call_.RunLoop();
  EXPECT_EQ(checked_, "the file");
  EXPECT_FALSE(call_.status().has_value());
  admin::v1::ConfigCheck check;
  check.set_is_good(true);
  answer_(check);
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_TRUE(response_.is_good());
}

TEST_F(ConfigMethodsTest, CheckTheTextOfTheCall) {
  std::optional<admin::v1::CheckConfigTextRequest> request(std::in_place);
  request->mutable_config()->set_text("listen {}");
  call_.Bind(AnswerCheckConfigText(call_.calls(), operations_, *request, &response_));
  request.reset();
  call_.RunLoop();
  EXPECT_EQ(checked_, "listen {}");
}

TEST_F(ConfigMethodsTest, TellWhyThereIsNoAnswer) {
  call_.Bind(AnswerCheckConfig(call_.calls(), operations_, &response_));
  call_.RunLoop();
  answer_(absl::DeadlineExceededError("still reading"));
  ASSERT_TRUE(call_.status().has_value());
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(call_.status()->error_message(), "still reading");
}

TEST_F(ConfigMethodsTest, DropAnAnswerThatComesAfterTheEnd) {
  call_.Bind(AnswerCheckConfig(call_.calls(), operations_, &response_));
  call_.RunLoop();
  call_.calls().Close();
  EXPECT_EQ(call_.status()->error_code(), grpc::StatusCode::UNAVAILABLE);
  answer_(admin::v1::ConfigCheck());
}

}  // namespace
}  // namespace muster::master
