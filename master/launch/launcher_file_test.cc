#include "muster/master/launch/launcher_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/launch/launcher.h"
#include "muster/master/process/child_output.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// This program is no launcher by itself, as those of other tests are.
TEST(LauncherFile, LaunchesWithoutTheMastersProgram) {
  if (LauncherFile() < 0) GTEST_SKIP() << "this kernel executes nothing that is in memory only";
  const auto program = WorkerProgram::Open("master/launch/launch_probe");
  ASSERT_TRUE(program.ok()) << program.status();
  LaunchPlan plan;
  plan.nofile = 100;
  EXPECT_THAT(OutputOfChild([&](int fd) {
                return program->Start({"--x"}, {{fd, STDOUT_FILENO}}, &plan);
              }),
              AllOf(HasSubstr("nofile: 100/100\n"), HasSubstr("arguments: --x\n"),
                    HasSubstr("descriptors: 0 1 2 4\n")));
}

TEST(LauncherFile, CannotBeChanged) {
  if (LauncherFile() < 0) GTEST_SKIP() << "this kernel executes nothing that is in memory only";
  EXPECT_EQ(::pwrite(LauncherFile(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(LauncherFile(), 0), -1);
  EXPECT_NE(::fcntl(LauncherFile(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace muster::master
