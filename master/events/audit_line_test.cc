#include "muster/master/events/audit_line.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

admin::v1::Call Reload() {
  admin::v1::Call call;
  call.set_id("7f00-3");
  call.set_caller("uid 1000 (pid 4711)");
  call.set_method("Reload");
  call.set_generation_before(4);
  call.set_generation_after(5);
  call.set_code("OK");
  call.mutable_took()->set_nanos(153'400'000);
  return call;
}

TEST(AuditLine, HasWhoDidWhat) {
  EXPECT_EQ(AuditLine(Reload()),
            "id=7f00-3 caller=\"uid 1000 (pid 4711)\" method=Reload generation_before=4 "
            "generation_after=5 code=OK took=0.153s");
}

TEST(AuditLine, QuotesWhatComesFromOutside) {
  admin::v1::Call call = Reload();
  call.set_arguments("text: \"a\\n code=OK\"");
  EXPECT_THAT(AuditLine(call), HasSubstr(R"( arguments="text: \"a\\n code=OK\"" )"));
}

TEST(AuditLine, TellsHowManyItStandsFor) {
  admin::v1::Call call = Reload();
  call.set_left_out(980);
  EXPECT_THAT(AuditLine(call), HasSubstr(" left_out=980"));
}

TEST(AuditJson, HasAllFieldsInOneLine) {
  const std::string json = AuditJson(Reload());
  EXPECT_THAT(json,
              HasSubstr(R"x("id":"7f00-3","caller":"uid 1000 (pid 4711)","method":"Reload")x"));
  EXPECT_THAT(json, HasSubstr(R"("arguments":"")"));
  EXPECT_THAT(json, HasSubstr(R"("took":"0.153400s")"));
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace muster::master
