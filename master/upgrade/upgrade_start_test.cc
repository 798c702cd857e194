#include "muster/master/upgrade/upgrade_start.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using Role = UpgradeStart::Role;

UpgradeStart Read(const std::vector<std::string>& arguments) {
  static std::vector<std::string> kept;  // UpgradeStart points into them
  kept = arguments;
  std::vector<const char*> pointers;
  for (const std::string& argument : kept) pointers.push_back(argument.c_str());
  return ReadUpgradeStart(static_cast<int>(pointers.size()), pointers.data());
}

TEST(UpgradeStart, IsNoneForWhatUsersWrite) {
  EXPECT_EQ(Read({"master"}).role, Role::kNone);
  EXPECT_EQ(Read({"master", "-c", "m.textproto"}).role, Role::kNone);
  EXPECT_EQ(Read({"master", "-c", kRestoreFlag, "7:0", ""}).role, Role::kNone);
  EXPECT_EQ(Read({}).role, Role::kNone);
}

TEST(UpgradeStart, ReadsWhatAMasterWritesForATrial) {
  const UpgradeStart start = Read(TrialArguments("/bin/m", 17, 23, {"-c", "x"}));
  EXPECT_EQ(start.role, Role::kTrial);
  EXPECT_EQ(start.state, 17);
  EXPECT_EQ(start.verdict, 23);
}

TEST(UpgradeStart, ReadsWhatAMasterWritesForTheNext) {
  const UpgradeStart start = Read(RestoreArguments("/bin/m", 5, 2, "it got SIGSEGV", {"-c"}));
  EXPECT_EQ(start.role, Role::kRestore);
  EXPECT_EQ(start.state, 5);
  EXPECT_EQ(start.tries, 2);
  EXPECT_STREQ(start.undone_for, "it got SIGSEGV");
}

TEST(UpgradeStart, IsUnfitIfSomebodyElseWritesIt) {
  for (const char* numbers :
       {"", "7", "7:", ":0", "a:0", "7:0x", "-1:0", "7:0:1", "99999999999:0"}) {
    EXPECT_EQ(Read({"master", kRestoreFlag, numbers, ""}).role, Role::kUnfit) << numbers;
    EXPECT_EQ(Read({"master", kTryFlag, numbers, ""}).role, Role::kUnfit) << numbers;
  }
  EXPECT_EQ(Read({"master", kRestoreFlag}).role, Role::kUnfit);
  EXPECT_EQ(Read({"master", kRestoreFlag, "7:0"}).role, Role::kUnfit);
}

}  // namespace
}  // namespace muster::master
