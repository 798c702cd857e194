#include "muster/master/upgrade/program_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

class ProgramFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    path_ = std::string(folder_) + "/program";
    fs::copy_file("/bin/true", path_);
    ASSERT_EQ(::chmod(path_.c_str(), 0755), 0);
  }
  void TearDown() override { fs::remove_all(folder_); }
  // Of an attempt that must fail.
  absl::Status Refusal(const std::string& path) {
    const auto program = ProgramFile::Open(path);
    EXPECT_FALSE(program.ok());
    EXPECT_TRUE(absl::StrContains(program.status().message(), path)) << program.status();
    return program.status();
  }

  char folder_[32] = "/tmp/program_file.XXXXXX";
  std::string path_;
};

TEST_F(ProgramFileTest, IsTheFileThatThePathLedToWhateverTakesItsPlace) {
  const auto program = ProgramFile::Open(path_);
  ASSERT_TRUE(program.ok()) << program.status();
  fs::rename(path_, path_ + ".old");
  std::ofstream(path_) << "another one";
  EXPECT_TRUE(program->CheckUnchanged().ok());
}

TEST_F(ProgramFileTest, IsRefusedAfterItWasWrittenTo) {
  const auto program = ProgramFile::Open(path_);
  ASSERT_TRUE(program.ok()) << program.status();
  std::ofstream(path_, std::ios::app) << "more";
  EXPECT_TRUE(absl::IsFailedPrecondition(program->CheckUnchanged()));
}

TEST_F(ProgramFileTest, BelongsToRootOrTheUserAndNobodyElseMayWriteIt) {
  for (const mode_t mode : {0775, 0757, 0777}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_TRUE(absl::IsPermissionDenied(Refusal(path_)));
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0755), 0);
  EXPECT_TRUE(ProgramFile::Open("/bin/true").ok()) << "which is root's";
  if (::chown(path_.c_str(), 12345, 0) != 0) GTEST_SKIP() << "no file can be given away here";
  EXPECT_TRUE(absl::IsPermissionDenied(Refusal(path_)));
}

TEST_F(ProgramFileTest, IsAProgramThatCanBeExecuted) {
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(Refusal(path_)));
  const std::string script = path_ + ".sh";
  std::ofstream(script) << "#!/bin/sh\n";
  ASSERT_EQ(::chmod(script.c_str(), 0755), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal(script)));
}

TEST_F(ProgramFileTest, IsARegularFileAtAnAbsolutePath) {
  EXPECT_TRUE(absl::IsNotFound(Refusal(path_ + ".no")));
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal("bin/true")));
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal(folder_)));
  const std::string fifo = path_ + ".fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0755), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal(fifo))) << "and nobody waits for its other end";
}

TEST_F(ProgramFileTest, OfThisProcessIsWhatItExecutes) {
  const auto path = OwnProgramPath();
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_TRUE(fs::equivalent(*path, "/proc/self/exe"));
  const auto own = ProgramFile::OpenOwn(*path);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_TRUE(fs::equivalent("/proc/self/fd/" + std::to_string(own->fd()), "/proc/self/exe"));
}

}  // namespace
}  // namespace muster::master
