#include "muster/master/systemd/passed_names.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PassedNames, AreInTheOrderOfTheDescriptors) {
  const auto passed = ReadPassedNames({"7", "3", "web::muster.socket"}, 7);
  ASSERT_TRUE(passed.ok()) << passed.status();
  EXPECT_THAT(passed->names, ElementsAre("web", "", "muster.socket"));
  EXPECT_EQ(passed->ignored, "");
}

TEST(PassedNames, AreUnknownWithoutTheVariable) {
  EXPECT_THAT(ReadPassedNames({"7", "2", nullptr}, 7)->names, ElementsAre("unknown", "unknown"));
}

TEST(PassedNames, AreNoneWithoutAManager) {
  EXPECT_THAT(ReadPassedNames({}, 7)->names, IsEmpty());
  EXPECT_THAT(ReadPassedNames({nullptr, "2", nullptr}, 7)->names, IsEmpty());
  EXPECT_THAT(ReadPassedNames({"7", nullptr, nullptr}, 7)->names, IsEmpty());
  EXPECT_THAT(ReadPassedNames({"7", "0", ""}, 7)->names, IsEmpty());
}

TEST(PassedNames, OfAnotherProcessAreIgnored) {
  const auto passed = ReadPassedNames({"8", "many", "a"}, 7);
  ASSERT_TRUE(passed.ok()) << passed.status();
  EXPECT_THAT(passed->names, IsEmpty());
  EXPECT_EQ(passed->ignored,
            "the descriptors of LISTEN_FDS are not used: LISTEN_PID has process 8, and this is "
            "process 7");
}

std::string Refusal(const PassedVariables& variables) {
  const absl::Status status = ReadPassedNames(variables, 7).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(PassedNames, NameTheVariableThatMakesNoSense) {
  EXPECT_EQ(Refusal({"seven", "1", nullptr}),
            "LISTEN_PID is \"seven\", which is not the number of a process");
  for (const char* fds : {"", "-1", "+1", " 1", "1 ", "65537", "99999999999999999999"}) {
    EXPECT_THAT(Refusal({"7", fds, nullptr}), HasSubstr("which is not a number from 0 to 65536"));
  }
  EXPECT_EQ(Refusal({"7", "3", "a:\n"}),
            "LISTEN_FDNAMES is \"a:\\n\", which is 2 names; LISTEN_FDS is 3");
}

}  // namespace
}  // namespace muster::master
