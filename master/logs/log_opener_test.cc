#include "muster/master/logs/log_opener.h"

#include <chrono>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/logs/hung_file_system.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::minutes kLong{10};

std::string NewFolder(const std::string& name) {
  std::string folder = ::testing::TempDir() + "/" + name;
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(LogOpener, OpensAFile) {
  LogOpener opener(kLong);
  const std::string path = NewFolder("opens") + "/log";
  absl::StatusOr<log::Target> target = opener.Open(path);
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->Write("x\n"), 2);
  EXPECT_EQ(opener.Open(NewFolder("opens")).status().message(),
            "open " + NewFolder("opens") + ": Is a directory");
}

TEST(LogOpener, DoesNotWaitForAFileSystemThatHangs) {
  const std::string folder = NewFolder("hangs");
  auto hung = HungFileSystem::Mount(folder);
  if (!hung.ok()) GTEST_SKIP() << hung.status();
  LogOpener opener(std::chrono::milliseconds(50));
  const std::string path = folder + "/log";

  const absl::Status status = opener.Open(path).status();

  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              StartsWith("open " + path + ": still opening " + path));
  // Nothing is opened before that has ended.
  EXPECT_THAT(std::string(opener.Open("/dev/null").status().message()),
              StartsWith("open /dev/null: still opening " + path));

  hung->End();
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  opener.Begin();
  while (!opener.Open("/dev/null").ok() && std::chrono::steady_clock::now() < deadline) {
    opener.Begin();
  }
  EXPECT_THAT(std::string(opener.Open(path).status().message()),
              HasSubstr("Transport endpoint is not connected"));
}

TEST(LogOpener, WaitsForAllLogsTogether) {
  const std::string folders[] = {NewFolder("slow"), NewFolder("slow_too")};
  auto slow = HungFileSystem::Mount(folders[0]);
  if (!slow.ok()) GTEST_SKIP() << slow.status();
  auto slow_too = HungFileSystem::Mount(folders[1]);
  ASSERT_TRUE(slow_too.ok()) << slow_too.status();
  constexpr std::chrono::seconds kPatience{2};
  LogOpener opener(kPatience);
  EXPECT_FALSE(opener.Open(folders[0] + "/log").ok());
  slow->End();

  const auto begin = std::chrono::steady_clock::now();
  const std::string hangs = "still opening " + folders[1] + "/log";
  while (!absl::StrContains(opener.Open(folders[1] + "/log").status().message(), hangs)) {
    ASSERT_LT(std::chrono::steady_clock::now(), begin + kLong);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience) << "nothing was left of it";
  slow_too->End();
}

}  // namespace
}  // namespace muster::master
