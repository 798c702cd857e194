#include "muster/proto/log_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

// "text<3>text<7>end" with the numbers of the variables.
std::string Parse(absl::string_view text) {
  const auto format = ParseLogFormat(text, /*is_json=*/false);
  if (!format.ok()) return std::string(format.status().message());
  std::string parsed;
  for (const LogFormat::Part& part : format->parts) {
    absl::StrAppend(&parsed, part.text, "<", static_cast<int>(part.variable), ">");
  }
  return parsed + format->end;
}

constexpr int kStatus = static_cast<int>(LogVariable::kStatus);
constexpr int kPid = static_cast<int>(LogVariable::kPid);

TEST(LogFormat, IsTextWithVariables) {
  EXPECT_EQ(Parse("a $status b${pid}c"), absl::StrCat("a <", kStatus, "> b<", kPid, ">c\n"));
  EXPECT_EQ(Parse("$status$pid"), absl::StrCat("<", kStatus, "><", kPid, ">\n"));
  EXPECT_EQ(Parse(""), "\n");
}

TEST(LogFormat, HasADollarForTwo) { EXPECT_EQ(Parse("$$pid $$"), "$pid $\n"); }

TEST(LogFormat, TakesTheLongestName) {
  EXPECT_EQ(Parse("$request_time"),
            absl::StrCat("<", static_cast<int>(LogVariable::kRequestTime), ">\n"));
  EXPECT_TRUE(absl::StartsWith(Parse("$statusx"), "has $statusx, which is unknown; write one of "));
}

TEST(LogFormat, KnowsCombinedAndJson) {
  EXPECT_EQ(ParseLogFormat("combined", false)->parts.size(), 8u);
  EXPECT_FALSE(ParseLogFormat("combined", false)->is_json);
  EXPECT_TRUE(ParseLogFormat("combined", true)->is_json);
  EXPECT_EQ(ParseLogFormat("json", false)->parts.front().text, "{\"time\":\"");
  EXPECT_TRUE(ParseLogFormat("json", false)->is_json);
}

TEST(LogFormat, IsRefusedWithAnUnknownName) {
  const std::string error = Parse("$remote_adr");
  EXPECT_TRUE(absl::StrContains(error, "has $remote_adr, which is unknown"));
  EXPECT_TRUE(absl::StrContains(error, ", $remote_addr, "));
}

TEST(LogFormat, IsRefusedWithADollarWithoutName) {
  for (const char* text : {"$", "a $ b", "${}", "${status", "${sta-tus}", "$-"}) {
    EXPECT_EQ(Parse(text), "has a \"$\" without a name; write \"$$\" for a dollar") << text;
  }
}

TEST(LogFormat, IsRefusedWithALineEnd) {
  EXPECT_EQ(Parse("a\nb"), "has a control character, which would break the line");
  EXPECT_EQ(Parse("a\tb"), "a\tb\n");
}

}  // namespace
}  // namespace muster::config
