// A reload that is refused, and a start that fails: what the operator is told by ctl, by master -s
// and by the log, each with the place that has to change.

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// A folder for the worker program, which a story exchanges while the master runs.
class WorkerFolder {
 public:
  WorkerFolder() {
    char name[] = "/tmp/muster-worker-XXXXXX";
    EXPECT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    fs::create_symlink(fs::absolute("worker/worker"), path());
  }
  ~WorkerFolder() { fs::remove_all(folder_); }

  std::string path() const { return folder_ + "/worker"; }
  void Remove() const { fs::remove(path()); }
  // From now on it is a script.
  void Replace(const std::string& script) const {
    WriteFile(path() + ".new", "#!/bin/sh\n" + script + "\n");
    ::chmod((path() + ".new").c_str(), 0700);
    fs::rename(path() + ".new", path());
  }

 private:
  std::string folder_;
};

class Refusal : public ::testing::Test {
 protected:
  Refusal() : muster_(RunningMaster::Config(), worker_.path()) {}

  void Start() { ASSERT_TRUE(muster_.Start()) << muster_.master().errors(); }
  std::string file() const { return muster_.path("muster.textproto"); }

  // Reloads by ctl and then by -s. Both tell `reason`, a regular expression, the log tells it once
  // for each, and the first generation serves as before.
  void ExpectRefused(const std::string& reason) {
    const std::vector<pid_t> workers = muster_.WorkerPids();
    const std::string refusal = "reload refused, generation 1 goes on serving: " + reason;
    const std::size_t logged = Lines().size();

    const Finished by_ctl = muster_.Ctl({"reload"});
    EXPECT_EQ(by_ctl.exit, 1);
    EXPECT_THAT(by_ctl.output, IsEmpty());
    EXPECT_THAT(by_ctl.errors, MatchesRegex("ctl: " + refusal + "\n"));
    const Finished by_flag = muster_.Master({"-c", file(), "-s", "reload"});
    EXPECT_EQ(by_flag.exit, 1);
    EXPECT_THAT(by_flag.errors, MatchesRegex("master: " + refusal + "\n"));

    std::vector<std::string> lines = Lines();
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(logged));
    std::vector<std::string> refusals;
    for (const std::string& line : lines) {
      if (absl::StrContains(line, " error ")) refusals.push_back(line);
    }
    ASSERT_EQ(refusals.size(), 2u) << muster_.master().errors();
    for (const std::string& line : refusals) {
      EXPECT_THAT(line, MatchesRegex("[-0-9]+ [:.0-9]+ error   " + refusal));
    }
    EXPECT_EQ(muster_.Status().master().generation(), 1u);
    EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status& status) {
      return status.workers_size() == static_cast<int>(workers.size());
    }));
    EXPECT_EQ(muster_.WorkerPids(), workers);
    EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  }

  // What the master has logged, line by line.
  std::vector<std::string> Lines() {
    return absl::StrSplit(muster_.master().errors(), '\n', absl::SkipEmpty());
  }

  WorkerFolder worker_;
  RunningMaster muster_;
};

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{".", "\\."}, {"[", "\\["}, {"]", "\\]"}});
}

TEST_F(Refusal, NamesTheLineOfAnAddressThatIsInUse) {
  Start();
  RunningMaster other;
  ASSERT_TRUE(other.Start()) << other.master().errors();
  muster_.WriteConfig(RunningMaster::Config("listen {\n  address: \"" + other.address() + "\"\n}"));
  ExpectRefused(Escaped(absl::StrCat(file(), ":7:12: listen[1].address: bind ", other.address(),
                                     ": Address already in use; another process listens there")));
}

TEST_F(Refusal, NamesTheLineOfAZoneThatIsTooLarge) {
  Start();
  muster_.WriteConfig(RunningMaster::Config("zone { name: \"z\" size_bytes: 1099511627776 }"));
  ExpectRefused(Escaped(file() + ":6:30: zone[0].size_bytes: zone \"z\": 1099511627776 bytes are "
                                 "more than half of this machine's memory, which is ") +
                "[0-9]+");
}

TEST_F(Refusal, NamesTheFlagOfAWorkerProgramThatIsGone) {
  Start();
  worker_.Remove();
  ExpectRefused(
      Escaped("--worker: worker program " + worker_.path() + ": No such file or directory"));
}

TEST_F(Refusal, NamesTheFlagOfAWorkerProgramThatCannotBeRun) {
  Start();
  WriteFile(worker_.path() + ".new", "\n");
  ::chmod((worker_.path() + ".new").c_str(), 0700);
  fs::rename(worker_.path() + ".new", worker_.path());
  ExpectRefused("worker [01] of generation [23] could not be started: " +
                Escaped("--worker: start " + worker_.path() + ": Exec format error"));
}

TEST_F(Refusal, NamesTheLineOfALogThatCannotBeOpened) {
  Start();
  // A link that leads nowhere: neither a folder nor a lack of permission, which are mistakes.
  fs::create_symlink("/proc/nowhere", muster_.path("m.log"));
  muster_.WriteConfig(RunningMaster::Config("log { path: \"m.log\" }"));
  ExpectRefused(Escaped(absl::StrCat(file(), ":6:13: log.path: open ", muster_.path("m.log"),
                                     ": No such file or directory")));
}

TEST_F(Refusal, NamesTheLineOfAnAccessLogThatCannotBeOpened) {
  Start();
  fs::create_symlink("/proc/nowhere", muster_.path("other.log"));
  muster_.WriteConfig(absl::StrReplaceAll(RunningMaster::Config(), {{"access.log", "other.log"}}));
  ExpectRefused(Escaped(absl::StrCat(file(), ":10:22: http.access_log.path: open ",
                                     muster_.path("other.log"), ": No such file or directory")));
}

TEST_F(Refusal, TellsHowAWorkerDiedThatWasNotReady) {
  Start();
  worker_.Replace("kill -KILL $$");
  ExpectRefused(
      "worker [01] of generation [23] .pid [0-9]+. was killed by SIGKILL before it was "
      "ready");
}

TEST_F(Refusal, TellsTheCodeOfAWorkerThatExitedBeforeItWasReady) {
  Start();
  worker_.Replace("exit 7");
  ExpectRefused(
      "worker [01] of generation [23] .pid [0-9]+. exited with code 7 before it was "
      "ready");
}

TEST_F(Refusal, NamesTheLineOfAReadyTimeoutThatIsOver) {
  Start();
  worker_.Replace("exec sleep 600");
  muster_.WriteConfig(RunningMaster::Config("ready_timeout { nanos: 300000000 }"));
  ExpectRefused(Escaped(file() + ":6:1: ready_timeout: ") +
                "worker [01] of generation [23] .pid [0-9]+. was not ready within 300ms");
}

TEST_F(Refusal, TellsEachMistakeInALineOfItsOwn) {
  Start();
  muster_.WriteConfig(RunningMaster::Config("acept: MUTEX\nlisten { address: \"x\" }"));
  const Finished reload = muster_.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, StartsWith("ctl: reload refused, generation 1 goes on serving:\n" +
                                        file() + ":6:1: acept: "));
  EXPECT_THAT(reload.errors, HasSubstr("\n" + file() + ":7:19: listen[1].address: "));
  for (const std::string& line : Lines()) {
    EXPECT_THAT(line, MatchesRegex("[-0-9]+ [:.0-9]+ (info   |warning|error  ) .*"));
  }
}

TEST_F(Refusal, IsLoggedForAHangupToo) {
  Start();
  muster_.WriteConfig("listen {");
  muster_.master().Signal(SIGHUP);
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().reloads_refused() == 1; }));
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("error   reload refused, generation 1 goes on serving: "));
}

// ---- The start ----

class FailedStart : public Refusal {
 protected:
  // The start fails with `reason`, a regular expression, which is the only error.
  void ExpectCannotStart(const std::string& reason) {
    EXPECT_FALSE(muster_.Start());
    EXPECT_EQ(muster_.master().Wait(), 1);
    std::vector<std::string> errors;
    for (const std::string& line : Lines()) {
      if (!absl::StrContains(line, " info ")) errors.push_back(line);
    }
    ASSERT_EQ(errors.size(), 1u) << muster_.master().errors();
    EXPECT_THAT(errors[0], MatchesRegex("[-0-9]+ [:.0-9]+ error   cannot start: " + reason));
  }
};

TEST_F(FailedStart, NamesTheLineOfAnAddressThatIsInUse) {
  RunningMaster other;
  ASSERT_TRUE(other.Start()) << other.master().errors();
  muster_.WriteConfig(
      absl::StrReplaceAll(RunningMaster::Config(), {{"127.0.0.1:0", other.address()}}));
  EXPECT_FALSE(muster_.Start());
  EXPECT_EQ(muster_.master().Wait(), 1);
  const std::string message =
      Escaped(absl::StrCat(file(), ":3:19: listen[0].address: bind ", other.address(),
                           ": Address already in use; another process listens there"));
  EXPECT_THAT(muster_.master().errors(),
              MatchesRegex("[^\n]* info    muster [.0-9]+ starts with [^\n]*\n"
                           "[^\n]* warning " +
                           message +
                           "; trying again for 2.5s\n"
                           "[^\n]* error   cannot start: " +
                           message + "\n"));
}

TEST_F(FailedStart, TellsEachMistakeInALineOfItsOwn) {
  muster_.WriteConfig(RunningMaster::Config("acept: MUTEX\nlisten { address: \"x\" }"));
  EXPECT_FALSE(muster_.Start());
  EXPECT_EQ(muster_.master().Wait(), 1);
  EXPECT_THAT(muster_.master().errors(),
              MatchesRegex("[-0-9]+ [:.0-9]+ error   cannot start:\n"
                           "[-0-9]+ [:.0-9]+ error     " +
                           Escaped(file()) +
                           ":6:1: acept: [^\n]*\n"
                           "[-0-9]+ [:.0-9]+ error     " +
                           Escaped(file()) + ":7:19: listen.1..address: [^\n]*\n"));
}

TEST_F(FailedStart, NamesTheLineOfAZoneThatIsTooLarge) {
  muster_.WriteConfig(RunningMaster::Config("zone { name: \"z\" size_bytes: 1099511627776 }"));
  ExpectCannotStart(Escaped(file() + ":6:30: zone[0].size_bytes: ") + ".*");
}

TEST_F(FailedStart, NamesTheFlagOfAWorkerProgramThatIsNotThere) {
  worker_.Remove();
  ExpectCannotStart(
      Escaped("--worker: worker program " + worker_.path() + ": No such file or directory"));
}

TEST_F(FailedStart, NamesTheLineOfALogThatCannotBeOpened) {
  fs::create_symlink("/proc/nowhere", muster_.path("m.log"));
  muster_.WriteConfig(RunningMaster::Config("log { path: \"m.log\" }"));
  ExpectCannotStart(Escaped(absl::StrCat(file(), ":6:13: log.path: open ", muster_.path("m.log"),
                                         ": No such file or directory")));
}

TEST_F(FailedStart, NamesTheLineOfAnAccessLogThatCannotBeOpened) {
  fs::create_symlink("/proc/nowhere", muster_.path("access.log"));
  ExpectCannotStart(
      Escaped(absl::StrCat(file(), ":10:22: http.access_log.path: open ",
                           muster_.path("access.log"), ": No such file or directory")));
}

TEST_F(FailedStart, NamesTheLineOfAPidFileWhoseFolderCannotBeMade) {
  muster_.WriteConfig(
      absl::StrReplaceAll(RunningMaster::Config(), {{"\"muster.pid\"", "\"/proc/muster/pid\""}}));
  ExpectCannotStart(Escaped(file() + ":5:11: pid_file: ") + ".*");
}

TEST_F(FailedStart, IsToldOnTheTerminalWhereTheLogIsAFile) {
  worker_.Replace("exit 7");
  muster_.WriteConfig(RunningMaster::Config("log { path: \"m.log\" }"));
  ExpectCannotStart(
      "worker [01] of generation 1 .pid [0-9]+. exited with code 7 before it was "
      "ready");
  EXPECT_THAT(ReadFile(muster_.path("m.log")), HasSubstr(" error   cannot start: worker "));
}

TEST_F(FailedStart, NamesTheMasterThatRunsThisConfigurationAlready) {
  Start();
  const Finished second = muster_.Master({"-c", file()});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.errors,
              EndsWith(absl::StrCat("error   cannot start: ", file(),
                                    ":5:11: pid_file: another master (pid ", muster_.master().pid(),
                                    ") already runs this configuration; \"ctl reload\" makes it "
                                    "read the file again, and a second master needs a --prefix of "
                                    "its own\n")));
}

TEST_F(FailedStart, LeavesTheLogOfTheMasterAloneThatRunsAlready) {
  muster_.WriteConfig(RunningMaster::Config("log { path: \"m.log\" }"));
  Start();
  const std::string log = ReadFile(muster_.path("m.log"));
  const Finished second = muster_.Master({"-c", file()});
  EXPECT_THAT(second.errors, HasSubstr("another master (pid "));
  EXPECT_EQ(ReadFile(muster_.path("m.log")), log);
}

TEST_F(FailedStart, NamesTheMasterThatAnswersOnItsAdminSocket) {
  Start();
  muster_.WriteConfig(absl::StrReplaceAll(RunningMaster::Config(), {{"muster.pid", "other.pid"}}));
  const Finished second = muster_.Master({"-c", file()});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.errors,
              HasSubstr(absl::StrCat("error   cannot start: ", file(),
                                     ":4:17: admin.listen[0]: unix:", muster_.path("admin.sock"),
                                     ": another process (pid ", muster_.master().pid(),
                                     ") answers there")));
  EXPECT_TRUE(FetchOnce(muster_.address(), "/").has_value());
}

// ---- No answer ----

TEST_F(Refusal, IsNotClaimedWhenTheOutcomeIsUnknown) {
  Start();
  muster_.master().Signal(SIGSTOP);
  const Finished by_ctl = muster_.Ctl({"--timeout", "200ms", "reload"});
  muster_.master().Signal(SIGCONT);
  EXPECT_EQ(by_ctl.exit, 4);
  EXPECT_THAT(by_ctl.errors,
              StartsWith("ctl: no answer within 200ms; outcome unknown, ask ctl call "));
}

TEST_F(Refusal, IsNotClaimedOfAMasterThatHangs) {
  Start();
  muster_.master().Signal(SIGSTOP);
  const Finished by_flag = muster_.Master({"-c", file(), "-s", "reload"});
  muster_.master().Signal(SIGCONT);
  EXPECT_EQ(by_flag.exit, 4);
  EXPECT_EQ(by_flag.errors,
            absl::StrCat("master: no answer on the admin socket within 2s; process ",
                         muster_.master().pid(),
                         " was sent the signal instead; outcome unknown, ask ctl status\n"));
  EXPECT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.master().generation() == 2; }));
}

}  // namespace
}  // namespace muster::tests
