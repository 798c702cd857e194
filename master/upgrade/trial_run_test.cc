#include "muster/master/upgrade/trial_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/master/upgrade/state_file.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;

constexpr char kProbe[] = "master/upgrade/trial_probe";

std::shared_ptr<const ProgramFile> Program(const std::string& path) {
  auto program = ProgramFile::Open(path);
  EXPECT_TRUE(program.ok()) << program.status();
  return std::make_shared<const ProgramFile>(*std::move(program));
}

// Bazel may have it writable for others.
std::string Probe() {
  static const std::string kCopy = [] {
    std::string path = std::string(::getenv("TEST_TMPDIR")) + "/trial_probe";
    fs::copy_file(kProbe, path, fs::copy_options::overwrite_existing);
    ::chmod(path.c_str(), 0755);
    return path;
  }();
  return kCopy;
}

TrialPlan PlanOf(std::vector<std::string> arguments, const std::vector<int>& descriptors = {}) {
  return {.program = Program(Probe()),
          .arguments = std::move(arguments),
          .state = *WriteStateFile({}, "state"),
          .descriptors = *TrialDescriptors::Take(descriptors)};
}

absl::StatusOr<std::string> Try(std::vector<std::string> arguments,
                                std::chrono::milliseconds patience = kTrialPatience) {
  return TryProgram(PlanOf(std::move(arguments)), -1, TrialTime(patience));
}

TEST(TryProgram, IsTheVersionOfAProgramThatSaysYes) {
  const auto version = Try({"yes"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(*version, "1.2.3");
}

TEST(TryProgram, IsTheReasonOfAProgramThatSaysNo) {
  const auto version = Try({"no"});
  EXPECT_TRUE(absl::IsFailedPrecondition(version.status()));
  EXPECT_EQ(version.status().message(), "state.x: is missing");
}

TEST(TryProgram, RefusesAProgramThatGivesNoVerdictAndTellsItsFirstLine) {
  const auto version = Try({"silent"});
  EXPECT_TRUE(absl::IsFailedPrecondition(version.status()));
  EXPECT_TRUE(absl::EndsWith(version.status().message(), ": I am another program"))
      << version.status();
  const auto stranger = TryProgram({.program = Program("/bin/true"),
                                    .arguments = {},
                                    .state = *WriteStateFile({}, "state"),
                                    .descriptors = *TrialDescriptors::Take({})},
                                   -1);
  EXPECT_TRUE(absl::IsFailedPrecondition(stranger.status())) << stranger.status();
}

TEST(TryProgram, RefusesAProgramThatCrashesOrIsKilled) {
  const auto version = Try({"crash"});
  EXPECT_TRUE(absl::IsFailedPrecondition(version.status()));
  EXPECT_TRUE(absl::StrContains(version.status().message(), "SIGSEGV")) << version.status();
}

TEST(TryProgram, KillsAProgramThatHangs) {
  EXPECT_EQ(Try({"hang"}, std::chrono::milliseconds(200)).status(),
            absl::DeadlineExceededError("it did not say within 200ms whether it can take over; its "
                                        "trial has told no step of it"));
}

TEST(TryProgram, NamesTheStepThatTookTooLong) {
  EXPECT_EQ(Try({"slow"}, std::chrono::seconds(3)).status(),
            absl::DeadlineExceededError("it did not say within 3s whether it can take over; its "
                                        "trial was still restoring the workers"));
  EXPECT_EQ(*Try({"steps"}), "1.2.3");
}

TEST(TryProgram, HasWhatTheTrialBeforeHasLeftOfTheTime) {
  const TrialTime time(std::chrono::milliseconds(100));
  EXPECT_TRUE(absl::IsDeadlineExceeded(TryProgram(PlanOf({"hang"}), -1, time).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(TryProgram(PlanOf({"yes"}), -1, time).status()));
}

TEST(TryProgram, EndsWhenNobodyWaits) {
  const ipc::UniqueFd stop(::eventfd(1, EFD_CLOEXEC));
  EXPECT_TRUE(absl::IsCancelled(TryProgram(PlanOf({"hang"}), stop.get()).status()));
}

TEST(TryProgram, EndsWhatTheProgramHasStarted) {
  const std::string fifo = std::string(::getenv("TEST_TMPDIR")) + "/family";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::thread tried([&] {
    EXPECT_TRUE(absl::IsDeadlineExceeded(Try({"family", fifo}, std::chrono::seconds(1)).status()));
  });
  // Opened as long as the child of the child lives.
  const ipc::UniqueFd write(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
  tried.join();
  ::signal(SIGPIPE, SIG_IGN);
  bool has_ended = false;
  for (int i = 0; i < 3000 && !has_ended; ++i) {
    has_ended = ::write(write.get(), "x", 1) < 0 && errno == EPIPE;
    if (!has_ended) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(has_ended);
}

TEST(TryProgram, GivesTheProgramWhatWasOpenWhenItWasTakenUnderTheSameNumbers) {
  ipc::UniqueFd file = *ipc::SealBytes("test", "as it was");
  const int number = file.get();
  const TrialPlan plan = PlanOf({"read", std::to_string(number)}, {number});
  // The loop goes on.
  file.reset();
  const ipc::UniqueFd later = *ipc::SealBytes("test", "something else");
  const auto found = TryProgram(plan, -1);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, "as it was");
  // Standard input, output and error, the state, the verdict, and the program.
  EXPECT_EQ(*Try({"count"}), "6");
}

TEST(TryProgram, LeavesTheLockOnAFileThatItIsGivenToTheProcess) {
  const std::string path = std::string(::getenv("TEST_TMPDIR")) + "/lock";
  const ipc::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(file.get(), F_SETLK, &lock), 0);
  {
    TrialPlan plan = PlanOf({"count"});
    plan.descriptors = *TrialDescriptors::Take({file.get()}, file.get());
    EXPECT_EQ(*TryProgram(plan, -1), "7");
  }
  // Only another process sees it.
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock other = {};
    other.l_type = F_WRLCK;
    ::fcntl(file.get(), F_GETLK, &other);
    ::_exit(other.l_type == F_WRLCK ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the lock is lost";
}

}  // namespace
}  // namespace muster::master
