#include "muster/config/value_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/proto/config.pb.h"

namespace muster::config {
namespace {

const google::protobuf::FieldDescriptor& Field(const char* name) {
  return *v1::Config::descriptor()->FindFieldByName(name);
}

// Of the value of the only statement of `text`, for the field `name`.
std::string InText(const char* name, const std::string& value) {
  const SyntaxTree tree(absl::StrCat(name, ": ", value), ConfigFormat::kText);
  return WhyNotValue(tree.root().statements.at(0).values.at(0), Field(name), ConfigFormat::kText);
}

std::string InJson(const char* name, const std::string& value) {
  const SyntaxTree tree(absl::StrCat("{\"", name, "\": ", value, "}"), ConfigFormat::kJson);
  const SyntaxStatement& statement = tree.root().statements.at(0);
  const std::string why = WhyNotList(statement, Field(name), ConfigFormat::kJson);
  if (!why.empty() || statement.values.empty()) return why;
  return WhyNotValue(statement.values[0], Field(name), ConfigFormat::kJson);
}

TEST(ValueInText, IsTheParsersBusiness) {
  EXPECT_EQ(InText("worker_processes", "x"), "");
  EXPECT_EQ(InText("worker_processes", "0x10"), "");
  EXPECT_EQ(InText("pid_file", "16M"), "");
}

TEST(ValueInText, HasNoUnit) {
  EXPECT_EQ(InText("worker_connections", "4k"),
            "\"4k\" is no number; write worker_connections: 4096");
  EXPECT_EQ(InText("worker_connections", "1MiB"),
            "\"1MiB\" is no number; write worker_connections: 1048576");
  EXPECT_EQ(InText("worker_connections", "99999999999G"),
            "\"99999999999G\" is no number; write it without a unit");
  EXPECT_EQ(InText("worker_connections", "5x"), "\"5x\" is no number; write it without a unit");
}

TEST(ValueInText, HasNoUnitOfTimeEither) {
  EXPECT_EQ(InText("ready_timeout", "10s"), "is a message; write ready_timeout { seconds: 10 }");
  EXPECT_EQ(InText("ready_timeout", "2min"), "is a message; write ready_timeout { seconds: 120 }");
  EXPECT_EQ(InText("accept_delay", "500ms"),
            "is a message; write accept_delay { nanos: 500000000 }");
}

TEST(ValueInText, OfAnyTypeSaysWhichItIs) {
  const std::string why =
      "does not say of which type it is; write service { [type.googleapis.com/my.Type] { ... } }";
  EXPECT_EQ(InText("service", "{ limit: 5 }"), why);
  EXPECT_EQ(InText("service", "{ [type.googleapis.com/x.Y] {} }"), "");
  EXPECT_EQ(InText("service", "{ type_url: 'x/y' }"), "");
  EXPECT_EQ(InText("service", "{}"), "");
}

TEST(ValueInJson, IsANumberInEachWayThatJsonHas) {
  for (const char* value : {"5", "\"5\"", "5.0", "5e1", "null"}) {
    EXPECT_EQ(InJson("worker_processes", value), "") << value;
  }
  for (const char* value : {"-1", "1.5", "true", "\"x\"", "99999999999", "5k"}) {
    EXPECT_EQ(InJson("worker_processes", value),
              absl::StrCat("is ", value,
                           "; write a whole number that is not negative, \"workerProcesses\": 1"));
  }
  EXPECT_EQ(InJson("worker_processes", "{}"),
            "is an object; write a whole number that is not negative, \"workerProcesses\": 1");
}

TEST(ValueInJson, IsOneValueOrAList) {
  EXPECT_EQ(InJson("worker_processes", "[]"),
            "is a list, but there is one only; write a whole number that is not negative, "
            "\"workerProcesses\": 1");
  EXPECT_EQ(InJson("admin", "[{}]"), "is a list, but there is one only; write \"admin\": { ... }");
  EXPECT_EQ(InJson("zone", "[{}]"), "");
  EXPECT_EQ(InJson("zone", "{}"), "");
  EXPECT_EQ(InJson("zone", "[[]]"), "is [...]; write \"zone\": [{ ... }]");
}

TEST(ValueInJson, IsATextInQuotes) {
  EXPECT_EQ(InJson("pid_file", "\"5\""), "");
  EXPECT_EQ(InJson("pid_file", "5"), "is 5; write a text in quotes, \"pidFile\": \"...\"");
}

TEST(ValueInJson, IsAnEnumsNameOrNumber) {
  EXPECT_EQ(InJson("accept", "\"MUTEX\""), "");
  EXPECT_EQ(InJson("accept", "1"), "");
  EXPECT_EQ(InJson("accept", "\"NEVER\""),
            "is \"NEVER\"; write one of EXCLUSIVE, MUTEX, REUSEPORT");
}

TEST(ValueInJson, IsADurationInSeconds) {
  EXPECT_EQ(InJson("ready_timeout", "\"0.5s\""), "");
  EXPECT_EQ(InJson("ready_timeout", "{\"seconds\": 5}"), "");
  for (const char* value : {"5", "\"5\"", "\"5ms\"", "\"99999999999999s\"", "\"s\""}) {
    EXPECT_EQ(InJson("ready_timeout", value),
              absl::StrCat("is ", value, "; write \"readyTimeout\": \"60s\""));
  }
}

TEST(ValueInJson, IsAnObjectForAMessage) {
  EXPECT_EQ(InJson("admin", "5"), "is 5; write \"admin\": { ... }");
  EXPECT_EQ(InJson("service", "5"),
            "is 5; write \"service\": {\"@type\": \"type.googleapis.com/my.Type\", ... }");
  EXPECT_EQ(InJson("service", "{\"x\": 5}"),
            "does not say of which type it is; write \"service\": {\"@type\": "
            "\"type.googleapis.com/my.Type\", ... }");
}

}  // namespace
}  // namespace muster::config
