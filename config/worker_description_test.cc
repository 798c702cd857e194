#include "muster/config/worker_description.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

// A worker program that takes a config.v1.Listen as its service and has one handler.
class WorkerDescriptionTest : public testing::Test {
 protected:
  WorkerDescription Read(const std::string& text, ConfigFormat format = ConfigFormat::kText) {
    return ReadWorkerDescription(SyntaxTree(text, format), text, format, "/srv",
                                 [this](const v1::Config& config) {
                                   asked_.push_back(config.worker_binary());
                                   config_ = config;
                                   return answer_;
                                 });
  }
  static worker::v1::Description Describe() {
    worker::v1::Description description;
    description.add_service_type("muster.config.v1.Listen");
    description.add_handler("hello");
    return description;
  }

  absl::StatusOr<worker::v1::Description> answer_ = Describe();
  std::vector<std::string> asked_;
  v1::Config config_;  // of the last question
};

TEST_F(WorkerDescriptionTest, IsNotAskedForWithoutNeed) {
  const WorkerDescription worker = Read("http { location { path: '/' root: 'x' } }");
  EXPECT_TRUE(asked_.empty());
  EXPECT_FALSE(worker.types.has_value());
}

TEST_F(WorkerDescriptionTest, IsAskedForOnceIfThereIsAHandler) {
  const WorkerDescription worker =
      Read("http { location { path: '/' handler: 'hello' } location { handler: 'x' } }");
  EXPECT_EQ(asked_, std::vector<std::string>{""});
  EXPECT_EQ(worker.handlers, std::vector<std::string>{"hello"});
}

TEST_F(WorkerDescriptionTest, IsAskedOfTheProgramThatTheConfigurationNames) {
  Read("worker_binary: 'w' service { [x/muster.config.v1.Listen] { } }");
  Read("{\"worker_binary\": \"w\", \"service\": {\"@type\": \"x/y.Z\"}}", ConfigFormat::kJson);
  EXPECT_EQ(asked_, (std::vector<std::string>{"/srv/w", "/srv/w"}));
}

TEST_F(WorkerDescriptionTest, IsAskedOfAProgramThatRunsAsItsWorkersWould) {
  for (const auto& [text, format] :
       {std::pair("user: 'nobody' limits { nofile: 100 } working_directory: 'w' "
                  "service { [x/muster.config.v1.Listen] { backlog: 1 } }",
                  ConfigFormat::kText),
        std::pair("{\"user\": \"nobody\", \"limits\": {\"nofile\": 100}, "
                  "\"working_directory\": \"w\", \"service\": {\"@type\": \"x/y.Z\", \"a\": 1}}",
                  ConfigFormat::kJson)}) {
    Read(text, format);
    EXPECT_EQ(config_.user(), "nobody") << text;
    EXPECT_EQ(config_.limits().nofile(), 100u);
    EXPECT_EQ(config_.working_directory(), "/srv/w");
    EXPECT_TRUE(config_.no_new_privs()) << "by default";
  }
}

TEST_F(WorkerDescriptionTest, IsNotAskedForIfNobodyKnowsAsWhom) {
  const WorkerDescription worker =
      Read("user: 33 service { [x/muster.config.v1.Listen] { backlog: 1 } }");
  EXPECT_TRUE(asked_.empty());
  ASSERT_EQ(worker.mistakes.size(), 1u);
  EXPECT_EQ(worker.mistakes[0].field, "user");
  EXPECT_EQ(worker.mistakes[0].problem,
            "cannot be read, so the worker program is not asked what it serves");
}

TEST_F(WorkerDescriptionTest, HasTheCauseIfTheProgramCannotBeStarted) {
  answer_ = AtField(absl::NotFoundError("\"x\" is no user"), "user");
  const WorkerDescription worker = Read("user: 'x' service { [x/muster.config.v1.Listen] { } }");
  ASSERT_EQ(worker.mistakes.size(), 1u);
  EXPECT_EQ(worker.mistakes[0].field, "user");
  EXPECT_EQ(worker.mistakes[0].offset, 6u);
  EXPECT_EQ(worker.mistakes[0].problem, "\"x\" is no user");
}

TEST_F(WorkerDescriptionTest, HasTheTypeOfTheService) {
  const std::string text = "service { [x/muster.config.v1.Listen] { backlog: 1 } }";
  const WorkerDescription worker = Read(text);
  ASSERT_NE(worker.any.type, nullptr);
  EXPECT_EQ(std::string(worker.any.type->full_name()), "muster.config.v1.Listen");
  EXPECT_EQ(worker.text, text);
  EXPECT_TRUE(worker.mistakes.empty());
}

TEST_F(WorkerDescriptionTest, LeavesAServiceOutThatTheProgramDoesNotKnow) {
  const WorkerDescription worker = Read("service { [x/y.Z] { a: 1 } } accept: MUTEX");
  EXPECT_EQ(worker.text, "service {                  } accept: MUTEX");
  ASSERT_EQ(worker.mistakes.size(), 1u);
  EXPECT_EQ(worker.mistakes[0].offset, 10u);
  EXPECT_EQ(worker.mistakes[0].field, "service");
  EXPECT_EQ(worker.mistakes[0].problem,
            "the worker program has no \"x/y.Z\"; it has muster.config.v1.Listen");
}

TEST_F(WorkerDescriptionTest, LeavesTheFieldsOfAServiceInJsonOut) {
  const WorkerDescription worker =
      Read("{\"service\": {\"@type\": \"x/y.Z\", \"a\": 1}}", ConfigFormat::kJson);
  EXPECT_EQ(worker.text, "{\"service\": {                        }}");
}

TEST_F(WorkerDescriptionTest, LeavesTheServiceOutIfTheProgramGivesNoAnswer) {
  answer_ = absl::NotFoundError("w: No such file");
  const WorkerDescription worker = Read("service { [x/muster.config.v1.Listen] { } }");
  EXPECT_EQ(worker.text, "service {                                 }");
  ASSERT_EQ(worker.mistakes.size(), 1u);
  EXPECT_EQ(worker.mistakes[0].field, "worker_binary");
  EXPECT_EQ(worker.mistakes[0].problem, "cannot be asked what it serves: w: No such file");
}

TEST_F(WorkerDescriptionTest, RefusesHandlersThatTheProgramDoesNotHave) {
  const WorkerDescription worker = Read("http { location { handler: 'hallo' } }");
  v1::Config config;
  config.mutable_http()->add_location()->set_handler("hello");
  config.mutable_http()->add_location()->set_handler("hallo");
  const std::vector<FieldMistake> mistakes = CheckHandlers(config, worker);
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].field, "http.location[1].handler");
  EXPECT_EQ(mistakes[0].problem, "the worker program has no \"hallo\"; it has hello");
}

TEST_F(WorkerDescriptionTest, RefusesNoHandlerIfTheProgramGaveNoAnswer) {
  answer_ = absl::NotFoundError("w: No such file");
  const WorkerDescription worker = Read("http { location { handler: 'hallo' } }");
  v1::Config config;
  config.mutable_http()->add_location()->set_handler("hallo");
  EXPECT_TRUE(CheckHandlers(config, worker).empty());
}

}  // namespace
}  // namespace muster::config
