#include "muster/master/process/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/process/pid_fd.h"

namespace muster::master {
namespace {

using ::testing::StartsWith;

constexpr char kProbe[] = "master/process/spawn_test_worker";
constexpr std::chrono::minutes kLong{10};

std::shared_ptr<const WorkerProgram> OpenProgram(const std::string& path) {
  auto program = WorkerProgram::Open(path);
  EXPECT_TRUE(program.ok()) << program.status();
  return std::make_shared<const WorkerProgram>(*std::move(program));
}

// A copy of the program that nobody can execute: whoever opens it waits until this process, which
// has a lease on it, gives that up.
class LeasedProgram {
 public:
  LeasedProgram() {
    char name[] = "/tmp/muster-spawner-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::filesystem::copy_file(kProbe, path());
    ::signal(SIGIO, SIG_IGN);  // how the kernel tells that somebody waits
    fd_ = ipc::UniqueFd(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::fcntl(fd_.get(), F_SETLEASE, F_WRLCK), 0);
  }
  ~LeasedProgram() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/leased"; }
  void GiveUp() { fd_.reset(); }

 private:
  std::string folder_;
  ipc::UniqueFd fd_;
};

TEST(Spawner, StartsAProgram) {
  Spawner spawner(kLong);
  auto worker = spawner.Spawn(OpenProgram(kProbe));
  ASSERT_TRUE(worker.ok()) << worker.status();
  EXPECT_EQ(worker->process.Wait(ipc::PidFd::Reap::kYes)->ToString(), "exited with code 7");
}

TEST(Spawner, DoesNotWaitForAProgramThatIsNotLoaded) {
  LeasedProgram leased;
  Spawner spawner(std::chrono::milliseconds(100));
  const auto worker = spawner.Spawn(OpenProgram(leased.path()));
  EXPECT_TRUE(absl::IsUnavailable(worker.status()));
  EXPECT_THAT(std::string(worker.status().message()),
              StartsWith(absl::StrCat("still starting ", leased.path(), " after ")));
}

TEST(Spawner, StartsOtherProgramsWhileOneHangs) {
  LeasedProgram leased;
  const auto hanging = OpenProgram(leased.path());
  Spawner spawner(std::chrono::milliseconds(1000));
  EXPECT_FALSE(spawner.Spawn(hanging).ok());
  EXPECT_TRUE(spawner.Spawn(OpenProgram(kProbe)).ok());
  EXPECT_TRUE(absl::IsUnavailable(spawner.Spawn(hanging).status()));
}

TEST(Spawner, StartsAProgramAgainOnceItHangsNoMore) {
  LeasedProgram leased;
  const auto program = OpenProgram(leased.path());
  Spawner spawner(std::chrono::milliseconds(1000));
  EXPECT_FALSE(spawner.Spawn(program).ok());
  leased.GiveUp();
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  bool is_started = false;
  while (!is_started && std::chrono::steady_clock::now() < deadline) {
    is_started = spawner.Spawn(program).ok();
  }
  EXPECT_TRUE(is_started);
}

}  // namespace
}  // namespace muster::master
