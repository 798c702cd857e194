#include "muster/host/account.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::host {
namespace {

using ::testing::HasSubstr;

TEST(Account, IsFoundByItsName) {
  EXPECT_EQ(*FindUser("root"), 0u);
  EXPECT_EQ(*FindGroup("root"), 0u);
}

TEST(Account, IsANumber) {
  EXPECT_EQ(*FindUser("4711"), 4711u);
  EXPECT_EQ(*FindGroup("4712"), 4712u);
}

TEST(Account, IsNotFoundByTheNameOfNobody) {
  const absl::Status status = FindGroup("no-such-group").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"no-such-group\" is no group"));
}

TEST(Account, IsNotTheNumberThatTheKernelGivesAMeaning) {
  EXPECT_TRUE(absl::IsInvalidArgument(FindUser("4294967295").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(FindUser("99999999999").status()));
}

}  // namespace
}  // namespace muster::host
