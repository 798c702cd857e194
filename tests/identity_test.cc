// What has a name that somebody else may have by now: processes, socket files, programs.

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

// A process that a signal would end.
class Stranger {
 public:
  explicit Stranger(const RunningMaster& muster)
      : child_(muster.folder(), {"/bin/sleep", "1000"}) {}
  pid_t pid() const { return child_.pid(); }
  bool is_alive() const {
    siginfo_t dead = {};
    return ::waitid(P_PID, static_cast<id_t>(pid()), &dead, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           dead.si_pid == 0;
  }

 private:
  ChildProcess child_;
};

sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return address;
}

bool Connects(const std::string& path) {
  const ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = UnixAddress(path);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

ino_t InodeOf(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

TEST(Identity, AnOrderSignalsNobodyForAStalePidFile) {
  RunningMaster muster;
  const Stranger stranger(muster);
  WriteFile(muster.path("muster.pid"), absl::StrCat(stranger.pid(), "\n"));
  for (const char* order : {"stop", "reload"}) {
    const Finished finished = muster.Master({"-s", order, "-c", muster.path("muster.textproto")});
    EXPECT_EQ(finished.exit, 3);
    EXPECT_THAT(finished.errors, HasSubstr(absl::StrCat("no master runs: process ", stranger.pid(),
                                                        ", which ", muster.path("muster.pid"))));
  }
  EXPECT_TRUE(stranger.is_alive());
}

TEST(Identity, AnOrderSignalsNobodyWhenThePidFileNamesAnotherThanTheMaster) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const Stranger stranger(muster);
  const std::string file = muster.path("muster.pid");
  WriteFile(file + ".new", absl::StrCat(stranger.pid(), "\n"));
  fs::rename(file + ".new", file);
  muster.master().Signal(SIGSTOP);
  const Finished finished = muster.Master({"-s", "stop", "-c", muster.path("muster.textproto")});
  muster.master().Signal(SIGCONT);
  EXPECT_EQ(finished.exit, 1);
  EXPECT_THAT(finished.errors,
              HasSubstr(absl::StrCat("process ", muster.master().pid(), " has locked ", file,
                                     ", which names process ", stranger.pid())));
  EXPECT_TRUE(stranger.is_alive());
  // It runs on, and leaves alone what is not its own.
  EXPECT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_EQ(ReadFile(file), absl::StrCat(stranger.pid(), "\n"));
}

TEST(Identity, AReloadMakesASocketAgainWhoseFileWasRemoved) {
  RunningMaster muster(RunningMaster::Config("listen { address: \"unix:site.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string path = muster.path("site.sock");
  ASSERT_TRUE(Connects(path));
  fs::remove(path);
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_TRUE(Connects(path));
  EXPECT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_FALSE(fs::exists(path));
}

TEST(Identity, TheLogTellsThatTheFileOfASocketWasRemoved) {
  RunningMaster muster(RunningMaster::Config("listen { address: \"unix:site.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  fs::remove(muster.path("site.sock"));
  // Each status takes a moment.
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(
        muster.master().errors(),
        absl::StrCat("unix:", muster.path("site.sock"), ": its file was removed or replaced"));
  }));
}

TEST(Identity, AMasterThatLeavesKeepsItsHandsOffTheSocketOfItsSuccessor) {
  RunningMaster muster(RunningMaster::Config("listen { address: \"unix:site.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string path = muster.path("site.sock");
  fs::remove(path);
  const ipc::UniqueFd successor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = UnixAddress(path);
  ASSERT_EQ(::bind(successor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  ASSERT_EQ(::listen(successor.get(), 8), 0);
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("Address already in use; another process listens there"));
  EXPECT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_TRUE(Connects(path));
}

TEST(Identity, AReloadKeepsASocketThatIsWrittenInAnotherWay) {
  RunningMaster muster(RunningMaster::Config("listen { address: \"unix:site.sock\" }\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const ino_t before = InodeOf(muster.path("site.sock"));
  const std::string port = muster.address().substr(muster.address().rfind(':'));
  muster.WriteConfig(RunningMaster::Config(
      absl::StrCat("listen { address: \"unix:site/../site.sock\" mode: \"0666\" }\n")));
  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_EQ(InodeOf(muster.path("site.sock")), before);
  EXPECT_EQ(fs::status(muster.path("site.sock")).permissions(), static_cast<fs::perms>(0666));
  EXPECT_THAT(muster.Status().master().listen(0), testing::EndsWith(port));
}

std::string WithNames(const std::string& admin, const std::string& pid_file) {
  return absl::StrReplaceAll(RunningMaster::Config(),
                             {{"\"unix:admin.sock\"", absl::StrCat("\"unix:", admin, "\"")},
                              {"\"muster.pid\"", absl::StrCat("\"", pid_file, "\"")}});
}

TEST(Identity, AReloadTakesOtherNamesOfTheAdminSocketAndOfThePidFile) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  fs::create_symlink(muster.folder(), muster.path("alias"));
  for (const std::string folder : {".", "site/..", "alias", "alias/./"}) {
    const std::string other = folder + "/";
    muster.WriteConfig(WithNames(other + "admin.sock", muster.path(other + "muster.pid")));
    const Finished reload = muster.Ctl({"reload"});
    EXPECT_EQ(reload.exit, 0) << folder << ": " << reload.errors;
  }
  EXPECT_EQ(muster.Master({"-s", "quit", "-c", muster.path("muster.textproto")}).exit, 0);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_FALSE(fs::exists(muster.path("muster.pid")));
}

TEST(Identity, AReloadRefusesAnotherPidFile) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  for (const std::string other : {"site/", "missing/", "an"}) {
    muster.WriteConfig(WithNames("admin.sock", other + "muster.pid"));
    EXPECT_THAT(muster.Ctl({"reload"}).errors,
                HasSubstr(absl::StrCat("pid_file: cannot change while the master runs; it is \"",
                                       muster.path("muster.pid"))));
  }
}

class PinnedProgram : public ::testing::Test {
 protected:
  PinnedProgram() : muster_(RunningMaster::ConfigOfOneWorker("worker_binary: \"program\"\n"), "") {}
  // Puts another file where the program is.
  void Replace() const {
    fs::copy_file("worker/worker", muster_.path("program.new"),
                  fs::copy_options::overwrite_existing);
    fs::rename(muster_.path("program.new"), muster_.path("program"));
  }
  // The one worker's after `pid`.
  pid_t AwaitWorkerAfter(pid_t pid) {
    pid_t now = 0;
    EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status& status) {
      for (const admin::v1::Worker& worker : status.workers()) {
        if (worker.state() == admin::v1::Worker::SERVING && worker.pid() != pid) now = worker.pid();
      }
      return now != 0;
    }));
    return now;
  }
  static ino_t ProgramOf(pid_t pid) { return InodeOf(absl::StrCat("/proc/", pid, "/exe")); }

  RunningMaster muster_;
};

TEST_F(PinnedProgram, IsWhatARespawnStartsAndAReloadReplaces) {
  Replace();
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t first = AwaitWorkerAfter(0);
  const ino_t before = ProgramOf(first);
  Replace();
  const ino_t now = InodeOf(muster_.path("program"));
  ASSERT_NE(now, before);
  ::kill(first, SIGKILL);
  const pid_t second = AwaitWorkerAfter(first);
  EXPECT_EQ(ProgramOf(second), before);
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(ProgramOf(AwaitWorkerAfter(second)), now);
}

TEST_F(PinnedProgram, IsNotHalfACopy) {
  Replace();
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t first = AwaitWorkerAfter(0);
  // As a copy that is slow, or was interrupted.
  fs::remove(muster_.path("program"));
  WriteFile(muster_.path("program"), ReadFile("worker/worker").substr(0, 100000));
  ::chmod(muster_.path("program").c_str(), 0700);
  ::kill(first, SIGKILL);
  EXPECT_GT(AwaitWorkerAfter(first), 0);
}

TEST_F(PinnedProgram, MayBeAScript) {
  WriteFile(
      muster_.path("program"),
      absl::StrCat("#!/bin/sh\nexec '", fs::absolute("worker/worker").string(), "' \"$@\"\n"));
  ::chmod(muster_.path("program").c_str(), 0700);
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const pid_t first = AwaitWorkerAfter(0);
  fs::remove(muster_.path("program"));
  ::kill(first, SIGKILL);
  EXPECT_GT(AwaitWorkerAfter(first), 0);
}

}  // namespace
}  // namespace muster::tests
