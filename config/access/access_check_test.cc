#include "muster/config/access/access_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::HasSubstr;

v1::Admin Parse(const std::string& rules) {
  v1::Admin admin;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(rules, &admin)) << rules;
  return admin;
}

// The field of the only mistake, and the mistake.
std::string MistakeIn(const std::string& rules) {
  const auto mistakes = CheckAccess(Parse(rules));
  EXPECT_EQ(mistakes.size(), 1u) << rules;
  return mistakes.empty() ? "" : absl::StrCat(mistakes[0].field, " ", mistakes[0].problem);
}

TEST(AccessCheck, NamesTheMistakesInRules) {
  EXPECT_THAT(
      MistakeIn("deny { principal: 'alice' }"),
      HasSubstr("admin.deny[0].principal[0] \"alice\" is not a principal; write \"user:NAME\""));
  EXPECT_THAT(
      MistakeIn("deny { principal: '*' method: 'Relaod' }"),
      HasSubstr("admin.deny[0].method[0] \"Relaod\" is not a method; the methods are GetStatus, "));
  EXPECT_THAT(MistakeIn("deny { principal: '*' method: 'G*t' }"), HasSubstr("may have one \"*\""));
  EXPECT_THAT(MistakeIn("allow { principal: '*' }"),
              HasSubstr("admin.allow[0].role is missing; give a role, or `method`"));
  EXPECT_THAT(MistakeIn("allow { principal: '*' role: VIEWER method: 'Stop' }"),
              HasSubstr("admin.allow[0].role is given with `method`"));
  EXPECT_THAT(MistakeIn("deny { name: 'a' principal: '*' } deny { name: 'a' principal: '*' }"),
              HasSubstr("admin.deny[1].name \"a\" is the name of admin.deny[0] already"));
  EXPECT_TRUE(CheckAccess(Parse("deny { name: 'a' principal: '*' }"
                                "allow { name: 'a' principal: '*' role: VIEWER }"))
                  .empty());
}

}  // namespace
}  // namespace muster::config
