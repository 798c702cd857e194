#include "muster/master/events/call_audit.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

class CallAuditTest : public ::testing::Test {
 protected:
  void SetUp() override { Configure({}); }
  void TearDown() override { ::unlink(path_.c_str()); }

  void Configure(config::v1::Log config) {
    config.set_path(path_);
    ASSERT_TRUE(log_.Configure(config).ok());
  }
  // What is in the log by now.
  std::string ReadLog() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static CallAudit::Start Reload(const std::string& id = "") {
    return {.id = id,
            .principal = "uid:9",
            .caller = "uid 9 (pid 7)",
            .method = "Reload",
            .generation = 4};
  }
  std::vector<std::string> Events() const {
    std::vector<std::string> texts;
    for (const auto& event : ring_.Read(1, 100).events) {
      texts.push_back(absl::StrCat(admin::v1::Event::Kind_Name(event->kind()), " ", event->text()));
    }
    return texts;
  }

  const std::string path_ = ::testing::TempDir() + "/call_audit.log";
  EventRing ring_;
  Log log_;
  CallAudit audit_{ring_, log_};
};

TEST_F(CallAuditTest, TellsTheOutcomeInALineAndAnEvent) {
  const auto id = audit_.Begin(Reload());
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, ring_.instance() + "-1");
  EXPECT_TRUE(Events().empty());
  audit_.End("uid:9", *id, "OK", "", 5);
  EXPECT_THAT(ReadLog(),
              HasSubstr(absl::StrCat("info    audit: id=", *id,
                                     " caller=\"uid 9 (pid 7)\" method=Reload generation_before=4 "
                                     "generation_after=5 code=OK took=")));
  EXPECT_THAT(Events(), testing::ElementsAre("CALL Reload by uid 9 (pid 7): OK"));
  EXPECT_EQ(ring_.Read(1, 1).events[0]->call().id(), *id);
}

TEST_F(CallAuditTest, IsWrittenWhateverTheLevelOfTheLogIs) {
  config::v1::Log config;
  config.set_level(config::v1::Log::ERROR);
  Configure(config);
  audit_.End("uid:9", *audit_.Begin(Reload()), "OK", "", 5);
  EXPECT_THAT(ReadLog(), HasSubstr("audit: id="));
}

TEST_F(CallAuditTest, IsJsonIfTheConfigurationSaysSo) {
  config::v1::Log config;
  config.set_audit(config::v1::Log::JSON);
  Configure(config);
  audit_.End("uid:9", *audit_.Begin(Reload()), "ABORTED", "a \"quote\"", 4);
  const std::string line = ReadLog();
  EXPECT_THAT(line, HasSubstr("warning audit: {\"id\":\""));
  EXPECT_THAT(line, HasSubstr(R"("message":"a \"quote\"")"));
}

TEST_F(CallAuditTest, CannotBeForgedByWhatComesFromOutside) {
  CallAudit::Start start = Reload();
  start.arguments = "x\naudit: id=1 code=OK";
  audit_.End(start.principal, *audit_.Begin(start), "ABORTED", "y\nz", 4);
  const std::string line = ReadLog();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
}

TEST_F(CallAuditTest, KnowsACallThatIsUnderWay) {
  ASSERT_TRUE(audit_.Begin(Reload("mine")).ok());
  const auto call = audit_.Find("uid:9", "mine");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->code(), "");
  EXPECT_EQ(call->generation_before(), 4u);
}

TEST_F(CallAuditTest, KnowsWhatBecameOfACallWhoeverAsks) {
  audit_.End("uid:9", *audit_.Begin(Reload("mine")), "ABORTED", "why", 4);
  const auto call = audit_.Find("uid:0", "mine");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->code(), "ABORTED");
  EXPECT_EQ(call->message(), "why");
  EXPECT_FALSE(audit_.Find("uid:9", "other").has_value());
}

TEST_F(CallAuditTest, TakesAnIdOnceFromEachCaller) {
  ASSERT_TRUE(audit_.Begin(Reload("mine")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(audit_.Begin(Reload("mine")).status()));
  audit_.End("uid:9", "mine", "OK", "", 5);
  EXPECT_TRUE(absl::IsAlreadyExists(audit_.Begin(Reload("mine")).status()));
  CallAudit::Start of_another = Reload("mine");
  of_another.principal = "uid:8";
  EXPECT_TRUE(audit_.Begin(of_another).ok());
  // Each is told of his own first.
  EXPECT_EQ(audit_.Find("uid:9", "mine")->code(), "OK");
  EXPECT_EQ(audit_.Find("uid:8", "mine")->code(), "");
}

TEST_F(CallAuditTest, ForgetsTheOldestCalls) {
  for (std::size_t i = 0; i <= CallAudit::kMostDone; ++i) {
    audit_.End("uid:9", *audit_.Begin(Reload(absl::StrCat("id", i))), "OK", "", 5);
  }
  EXPECT_FALSE(audit_.Find("uid:9", "id0").has_value());
  EXPECT_TRUE(audit_.Find("uid:9", "id1").has_value());
  EXPECT_EQ(audit_.List().size(), CallAudit::kMostDone);
}

TEST_F(CallAuditTest, ListsWhatIsUnderWayLast) {
  ASSERT_TRUE(audit_.Begin(Reload("first")).ok());
  audit_.End("uid:9", *audit_.Begin(Reload("second")), "OK", "", 5);
  const std::vector<admin::v1::Call> calls = audit_.List();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].id(), "second");
  EXPECT_EQ(calls[1].id(), "first");
}

TEST_F(CallAuditTest, TellsOfRefusedCallsButNotOfAllInAFlood) {
  for (int i = 0; i < 100; ++i) audit_.Refuse(Reload(), "PERMISSION_DENIED", "no rule allows it");
  CallAudit::Start other = Reload("quiet");
  other.principal = "uid:8";
  other.caller = "uid 8 (pid 7)";
  audit_.Refuse(other, "PERMISSION_DENIED", "no rule allows it");
  EXPECT_THAT(ReadLog(), HasSubstr("code=PERMISSION_DENIED message=\"no rule allows it\""));
  EXPECT_EQ(Events().size(), RefusalLimit::kBurst + 1u);
  EXPECT_EQ(Events().back(),
            "CALL_REFUSED Reload by uid 8 (pid 7): PERMISSION_DENIED: no rule allows it");
}

TEST(CallIds, MustPrintInOneWord) {
  EXPECT_TRUE(CallAudit::IsId("deploy-17/abc:4"));
  EXPECT_TRUE(CallAudit::IsId(std::string(64, 'x')));
  for (const std::string& id :
       {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a\"b"),
        std::string("a\\b"), std::string("a\nb"), std::string("\xc3\xa9")}) {
    EXPECT_FALSE(CallAudit::IsId(id)) << id;
  }
}

TEST_F(CallAuditTest, KnowsInAnotherProgramWhatBecameOfItsCalls) {
  CallAudit audit(ring_, log_);
  ASSERT_TRUE(audit.Begin(Reload("done")).ok());
  audit.End("uid:9", "done", "OK", "", 5);
  ASSERT_TRUE(audit.Begin(Reload("open")).ok());
  const std::string made = audit.NewId();
  CallAudit next(ring_, log_);
  const absl::Status status = next.Restore(audit.Save());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_NE(next.NewId(), made);
  EXPECT_EQ(next.Find("uid:9", "done")->code(), "OK");
  EXPECT_TRUE(absl::IsAlreadyExists(next.Begin(Reload("done")).status()));
  EXPECT_EQ(next.Find("uid:9", "open")->code(), "");
  next.EndAll("UNAVAILABLE", "the program was replaced", 5);
  EXPECT_EQ(next.Find("uid:9", "open")->code(), "UNAVAILABLE");
  EXPECT_EQ(next.Find("uid:9", "open")->generation_after(), 5u);
  EXPECT_EQ(next.List().size(), 2u);
}

TEST_F(CallAuditTest, RefusesAStateInWhichTwoCallsHaveOneId) {
  CallAudit audit(ring_, log_);
  ASSERT_TRUE(audit.Begin(Reload("open")).ok());
  state::v1::CallAuditState state = audit.Save();
  *state.add_open() = state.open(0);
  CallAudit next(ring_, log_);
  EXPECT_EQ(next.Restore(state).message(),
            "calls.open: has the id \"open\", which is empty or not the only one");
}

}  // namespace
}  // namespace muster::master
