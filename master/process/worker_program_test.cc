#include "muster/master/process/worker_program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/process/child_output.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

std::string PathOf(const std::string& name) {
  return (fs::path(::testing::TempDir()) / name).lexically_normal().string();
}

// Another file than what was at the path before.
std::string Script(const std::string& name, const std::string& body) {
  const std::string path = PathOf(name);
  std::ofstream(path + ".new") << "#!/bin/sh\n" << body << "\n";
  ::chmod((path + ".new").c_str(), 0700);
  fs::rename(path + ".new", path);
  return path;
}

WorkerProgram Open(const std::string& path) {
  absl::StatusOr<WorkerProgram> program = WorkerProgram::Open(path);
  EXPECT_TRUE(program.ok()) << program.status();
  return *std::move(program);
}

std::string EndOf(const WorkerProgram& program) {
  auto child = program.Start({}, {});
  if (!child.ok()) return std::string(child.status().message());
  return child->Wait(ipc::PidFd::Reap::kYes)->ToString();
}

// What it writes to standard output.
std::string OutputOf(const WorkerProgram& program, const std::vector<std::string>& arguments) {
  return OutputOfChild([&](int fd) { return program.Start(arguments, {{fd, STDOUT_FILENO}}); });
}

TEST(WorkerProgram, StartsTheFileThatWasOpenedWhateverReplacedIt) {
  const WorkerProgram before = Open(Script("replaced", "exit 5"));
  const WorkerProgram after = Open(Script("replaced", "exit 6"));
  EXPECT_EQ(EndOf(before), "exited with code 5");
  EXPECT_EQ(EndOf(after), "exited with code 6");
  fs::remove(after.path());
  EXPECT_EQ(EndOf(before), "exited with code 5");
}

TEST(WorkerProgram, IsCalledByItsPath) {
  // This one shows its own name.
  const std::string path = PathOf("busy box");
  fs::copy_file("/bin/bash", path, fs::copy_options::overwrite_existing);
  const WorkerProgram program = Open(path);
  EXPECT_EQ(OutputOf(program, {"-c", "echo \"$0\"; echo \"$(readlink /proc/$$/exe)\""}),
            absl::StrCat(path, "\n", path, "\n"));
}

TEST(WorkerProgram, GivesAScriptAPathThatLeadsToIt) {
  const WorkerProgram program = Open(Script("script", "readlink -f \"$0\"; echo \"$1\""));
  EXPECT_EQ(OutputOf(program, {"--describe"}), absl::StrCat(program.path(), "\n--describe\n"));
}

TEST(WorkerProgram, IsNotStartedOnceItsFileWasWrittenTo) {
  const std::string path = Script("written", "exit 5");
  const WorkerProgram program = Open(path);
  std::ofstream(path, std::ios::app) << "exit 6\n";
  EXPECT_THAT(EndOf(program),
              HasSubstr(absl::StrCat("start ", path, ": its file was written to since")));
}

TEST(WorkerProgram, IsNotStartedWhileSomebodyWritesToIt) {
  const std::string path = PathOf("busy");
  fs::copy_file("/bin/true", path, fs::copy_options::overwrite_existing);
  const WorkerProgram program = Open(path);
  {
    const ipc::UniqueFd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_THAT(EndOf(program),
                HasSubstr(absl::StrCat("start ", path, ": Text file busy; somebody is writing")));
  }
  EXPECT_EQ(EndOf(program), "exited with code 0");
}

TEST(WorkerProgram, SaysThatItsInterpreterIsMissing) {
  const std::string path = PathOf("orphan");
  std::ofstream(path) << "#!/nowhere/sh\n";
  ::chmod(path.c_str(), 0700);
  EXPECT_THAT(EndOf(Open(path)), HasSubstr("No such file or directory; what would load it"));
}

TEST(WorkerProgram, SaysWhyAFileCannotBeRun) {
  EXPECT_EQ(WorkerProgram::Open("/nowhere/worker").status().message(), "No such file or directory");
  EXPECT_EQ(WorkerProgram::Open("/etc").status().message(), "Is a directory");
  EXPECT_EQ(WorkerProgram::Open("/etc/passwd").status().message(), "Permission denied");
  EXPECT_EQ(WorkerProgram::Open("/dev/null").status().message(), "it is not a regular file");
}

TEST(WorkerProgram, IsTheSameForWhoeverHasItsPinAndItsDescriptor) {
  const std::string path = Script("adopted", "exit 5");
  const WorkerProgram before = Open(path);
  const auto again = WorkerProgram::Adopt(before.pin(), *ipc::DuplicateFd(before.fd()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(EndOf(*again), "exited with code 5");
  std::ofstream(path, std::ios::app) << "exit 6\n";
  EXPECT_THAT(EndOf(*again), HasSubstr("its file was written to since"));
  const auto other =
      WorkerProgram::Adopt(before.pin(), ipc::UniqueFd(::open("/dev/null", O_PATH | O_CLOEXEC)));
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace muster::master
