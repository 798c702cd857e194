#include "muster/master/process/worker_finder.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& configured) {
  return std::string(WorkerFinder("").Find(configured).status().message());
}

TEST(WorkerFinder, TakesTheConfiguredProgramOrSaysWhyItCannot) {
  EXPECT_EQ((*WorkerFinder("").Find("/bin/sh"))->path(), "/bin/sh");
  EXPECT_EQ(ErrorOf("/nowhere/worker"),
            "worker program /nowhere/worker: No such file or directory");
  EXPECT_EQ(ErrorOf("/etc/passwd"), "worker program /etc/passwd: Permission denied");
}

TEST(WorkerFinder, PrefersTheProgramOfTheFlag) {
  WorkerFinder finder("/bin/sh");
  EXPECT_TRUE(finder.has_flag());
  EXPECT_EQ((*finder.Find("/bin/true"))->path(), "/bin/sh");
  EXPECT_EQ((*finder.Find(""))->path(), "/bin/sh");
}

TEST(WorkerFinder, FindsTheSameFileAgainAlthoughAnotherIsThereNow) {
  const std::string path = ::testing::TempDir() + "/program";
  std::ofstream(path) << "#!/bin/sh\n";
  ::chmod(path.c_str(), 0700);
  WorkerFinder finder("");
  const auto first = finder.Find(path);
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::remove(path);
  EXPECT_EQ(*finder.Find(path), *first);
  EXPECT_FALSE(WorkerFinder("").Find(path).ok());
}

TEST(WorkerFinder, TriesAgainWhatItDidNotFind) {
  const std::string path = ::testing::TempDir() + "/late";
  WorkerFinder finder(path);
  EXPECT_FALSE(finder.Find("").ok());
  std::ofstream(path) << "#!/bin/sh\n";
  ::chmod(path.c_str(), 0700);
  EXPECT_TRUE(finder.Find("").ok());
}

TEST(WorkerFinder, LooksBesideThisProgram) {
  const auto found = WorkerFinder("").Find("");
  EXPECT_THAT(found.ok() ? (*found)->path() : std::string(found.status().message()),
              HasSubstr("/worker"));
}

}  // namespace
}  // namespace muster::master
