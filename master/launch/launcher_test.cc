#include "muster/master/launch/launcher.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/launch/other_users.h"
#include "muster/master/process/child_output.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kProbe[] = "master/launch/launch_probe";
constexpr uid_t kNobody = 65534;

WorkerProgram Probe() {
  absl::StatusOr<WorkerProgram> program = WorkerProgram::Open(kProbe);
  EXPECT_TRUE(program.ok()) << program.status();
  return *std::move(program);
}

// What a process that is launched so is.
std::string Launched(const LaunchPlan& plan) {
  const WorkerProgram probe = Probe();
  return OutputOfChild([&](int fd) { return probe.Start({"--x"}, {{fd, STDOUT_FILENO}}, &plan); });
}

std::string Refusal(const LaunchPlan& plan) {
  return std::string(Probe().Start({}, {}, &plan).status().message());
}

LaunchPlan AsNobody() {
  LaunchPlan plan;
  plan.user = kNobody;
  plan.group = kNobody;
  plan.groups.emplace();
  plan.no_new_privs = true;
  return plan;
}

TEST(Launcher, ChangesNothingThatThePlanDoesNotName) {
  const std::string said = Launched(LaunchPlan());
  EXPECT_THAT(said, AllOf(HasSubstr(absl::StrCat("Uid:\t", ::getuid(), "\t", ::geteuid(), "\t")),
                          HasSubstr("descriptors: 0 1 2 4\n"), HasSubstr("arguments: --x\n"),
                          HasSubstr("NoNewPrivs:\t0\n"), Not(HasSubstr("env: "))));
}

TEST(Launcher, SetsWhatEveryUserMaySet) {
  LaunchPlan plan;
  plan.no_new_privs = true;
  plan.nofile = 100;
  plan.core = 0;
  plan.environment = {"A=1", "B=2=3"};
  plan.folder = "/proc";
  plan.nice = ::getpriority(PRIO_PROCESS, 0) + 1;
  const std::string said = Launched(plan);
  EXPECT_THAT(said, AllOf(HasSubstr("NoNewPrivs:\t1\n"), HasSubstr("nofile: 100/100\n"),
                          HasSubstr("core: 0/0\n"), HasSubstr("env: A=1\nenv: B=2=3\n"),
                          HasSubstr("folder: /proc\n"),
                          HasSubstr(absl::StrCat("nice: ", *plan.nice, "\n"))));
}

#if !defined(MUSTER_SANITIZER)  // which reserves more than any limit leaves
TEST(Launcher, LimitsTheAddressSpace) {
  LaunchPlan plan;
  plan.address_space = 1 << 30;
  EXPECT_THAT(Launched(plan), HasSubstr("address_space: 1073741824/1073741824"));
}
#endif

TEST(Launcher, BindsToACpu) {
  cpu_set_t mask;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(mask), &mask), 0);
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) last = CPU_ISSET(cpu, &mask) ? cpu : last;
  LaunchPlan plan;
  plan.cpus = {last};
  EXPECT_THAT(Launched(plan), HasSubstr(absl::StrCat("Cpus_allowed_list:\t", last, "\n")));
}

TEST(Launcher, LeavesNothingOfRootToAnotherUser) {
  NEEDS_OTHER_USERS();
  LaunchPlan plan = AsNobody();
  plan.groups = {7, 8};
  const std::string said = Launched(plan);
  EXPECT_THAT(said, AllOf(HasSubstr("Uid:\t65534\t65534\t65534\t65534\n"),
                          HasSubstr("Gid:\t65534\t65534\t65534\t65534\n"),
                          HasSubstr("Groups:\t7 8 \n"), HasSubstr("CapInh:\t0000000000000000\n"),
                          HasSubstr("CapPrm:\t0000000000000000\n"),
                          HasSubstr("CapEff:\t0000000000000000\n")));
  EXPECT_THAT(said, AllOf(HasSubstr("CapBnd:\t0000000000000000\n"),
                          HasSubstr("CapAmb:\t0000000000000000\n")));
}

TEST(Launcher, DoesFirstWhatTheUserMayNotDo) {
  NEEDS_OTHER_USERS();
  LaunchPlan plan = AsNobody();
  plan.nice = -3;
  EXPECT_THAT(Launched(plan), AllOf(HasSubstr("Uid:\t65534\t"), HasSubstr("nice: -3\n")));
}

TEST(Launcher, TellsTheStepThatFailedAndWhy) {
  LaunchPlan plan;
  plan.folder = "/nowhere";
  EXPECT_EQ(Refusal(plan),
            absl::StrCat("start ", kProbe, ": chdir /nowhere: No such file or directory"));
}

TEST(Launcher, TellsThatAUserMayNotEnterTheFolder) {
  NEEDS_OTHER_USERS();
  const std::string folder = ::testing::TempDir() + "/of_root";
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  LaunchPlan plan = AsNobody();
  plan.folder = folder;
  EXPECT_EQ(Refusal(plan),
            absl::StrCat("start ", kProbe, ": chdir ", folder, ": Permission denied"));
}

TEST(Launcher, TellsThatAUserMayNotRunTheProgram) {
  NEEDS_OTHER_USERS();
  const std::string copy = ::testing::TempDir() + "/of_root_only";
  std::filesystem::copy_file(kProbe, copy, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
  const absl::StatusOr<WorkerProgram> program = WorkerProgram::Open(copy);
  ASSERT_TRUE(program.ok()) << program.status();
  const LaunchPlan plan = AsNobody();
  EXPECT_EQ(program->Start({}, {}, &plan).status().message(),
            absl::StrCat("start ", copy, ": Permission denied"));
}

TEST(LaunchFailure, ArrivesAsItWas) {
  const auto failure = LaunchFailure::Parse(LaunchFailure{"chdir /a b", false, 13}.Serialize());
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->step, "chdir /a b");
  EXPECT_EQ(failure->error, 13);
  EXPECT_FALSE(failure->is_execution);
  EXPECT_FALSE(LaunchFailure::Parse("").has_value());
  EXPECT_FALSE(LaunchFailure::Parse("a crash report").has_value());
}

}  // namespace
}  // namespace muster::master
