#include "muster/master/process/ask_worker.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/wake_fd.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/launch/other_users.h"
#include "muster/process_env/child_environment.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;

// A worker program that is a shell script.
std::string Script(const std::string& name, const std::string& body) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
  ::chmod(path.c_str(), 0700);
  return path;
}

absl::StatusOr<worker::v1::Description> Ask(const std::string& binary,
                                            absl::Duration timeout = absl::Seconds(20),
                                            int stop_fd = -1, LaunchPlan plan = LaunchPlan()) {
  const auto program = WorkerProgram::Open(binary);
  if (!program.ok()) return program.status();
  plan.environment = process_env::ChildEnvironment();
  return AskWorker(*program, plan, timeout, stop_fd);
}

std::string Error(const std::string& binary, absl::Duration timeout = absl::Seconds(20)) {
  const auto description = Ask(binary, timeout);
  return std::string(description.status().message());
}

TEST(AskWorker, LearnsWhatTheHttpWorkerKnows) {
  const auto description = Ask(std::filesystem::absolute("worker/worker").string());
  ASSERT_TRUE(description.ok()) << description.status();
  EXPECT_EQ(description->service_type_size(), 0);
  EXPECT_EQ(description->handler_size(), 0);
  EXPECT_FALSE(description->version().empty());
}

TEST(AskWorker, TellsHowAProgramEndedThatDoesNotKnowTheQuestion) {
  const std::string path = Script("ignorant", "echo 'what is that?' >&2; exit 2");
  EXPECT_EQ(Error(path), absl::StrCat(path,
                                      " --describe: does not describe what it serves: "
                                      "exited with code 2: what is that?"));
}

// What the script has from the master.
std::string ErrorOf(const std::string& path, const LaunchPlan& plan) {
  return std::string(Ask(path, absl::Seconds(20), -1, plan).status().message());
}

TEST(AskWorker, AsksAProcessThatIsWhatWorkersAre) {
  const std::string path = Script("curious", "grep NoNewPrivs /proc/self/status >&2; exit 3");
  LaunchPlan plan;
  EXPECT_THAT(ErrorOf(path, plan), HasSubstr("NoNewPrivs:\t0"));
  plan.no_new_privs = true;
  EXPECT_THAT(ErrorOf(path, plan), HasSubstr("NoNewPrivs:\t1"));
  plan.no_new_privs = false;
  EXPECT_THAT(ErrorOf(path, plan), HasSubstr("NoNewPrivs:\t0")) << "this process did not change";
  plan.nofile = 100;
  EXPECT_THAT(ErrorOf(Script("counter", "ulimit -n >&2; exit 3"), plan), HasSubstr(": 100"));
}

TEST(AskWorker, AsksAnotherUser) {
  NEEDS_OTHER_USERS();
  LaunchPlan plan;
  plan.user = 65534;
  plan.group = 65534;
  plan.groups.emplace();
  const std::string path = Script("who", "id -u >&2; exit 3");
  std::filesystem::permissions(::testing::TempDir(), std::filesystem::perms(0755));
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  EXPECT_THAT(ErrorOf(path, plan), HasSubstr(": 65534"));
}

TEST(AskWorker, RefusesAnAnswerThatIsNone) {
  EXPECT_THAT(Error(Script("babbler", "echo hello")),
              HasSubstr("does not describe what it serves: it is not a worker program of muster"));
  EXPECT_THAT(Error("/bin/true"), HasSubstr("it is not a worker program of muster"));
}

TEST(AskWorker, DoesNotWaitForEver) {
  const auto description = Ask(Script("sleeper", "exec sleep 1000"), absl::Milliseconds(50));
  EXPECT_TRUE(absl::IsDeadlineExceeded(description.status())) << description.status();
}

TEST(AskWorker, StopsWhenItIsToldTo) {
  const auto stop = ipc::WakeFd::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  stop->Notify();
  const auto description =
      Ask(Script("patient", "exec sleep 1000"), absl::Seconds(1000), stop->fd());
  EXPECT_TRUE(absl::IsCancelled(description.status())) << description.status();
}

TEST(AskWorker, DoesNotWaitForTheProgramsChildren) {
  const std::string path = Script("parent", "sleep 5 & exit 3");
  EXPECT_THAT(Error(path), HasSubstr("exited with code 3"));
}

TEST(AskWorker, IsNotStoppedByALongAnswer) {
  const std::string path = Script("long", "head -c 1000000 /dev/zero; exit 4");
  EXPECT_THAT(Error(path), HasSubstr("exited with code 4"));
}

}  // namespace
}  // namespace muster::master
