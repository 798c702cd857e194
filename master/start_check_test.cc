#include "muster/master/start_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/listen/listener.h"
#include "muster/master/process/answer_of_child.h"
#include "muster/master/process/pid_file.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kWorker[] = "worker/worker";

// A folder of its own, as a prefix.
class StartCheckTest : public testing::Test {
 protected:
  StartCheckTest() {
    char name[] = "/tmp/muster-start.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~StartCheckTest() override { fs::remove_all(folder_); }

  std::string At(const std::string& name) const { return folder_ + "/" + name; }

  // What is told of a configuration that serves something, with `more`.
  std::string Check(StartCheck& check, const std::string& more,
                    const std::string& address = "127.0.0.1:0") const {
    const std::string text = absl::StrCat(
        "http { location { path: '/' return {} } }\nlisten { address: '", address, "' }\n", more);
    return std::string(config::ReadConfigText("m", text, config::ConfigFormat::kText, folder_,
                                              check.describe(), check.check_more())
                           .status()
                           .message());
  }
  std::string Check(const std::string& more, const std::string& address = "127.0.0.1:0") const {
    StartCheck check(kWorker);
    return Check(check, more, address);
  }

  std::string folder_;
};

// Each file below `folder` with all that stat tells of it.
std::string Tree(const std::string& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status = {};
    EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
    lines.push_back(absl::StrCat(entry.path().string(), " ", status.st_mode, " ", status.st_ino,
                                 " ", status.st_size, " ", status.st_mtim.tv_sec, ".",
                                 status.st_mtim.tv_nsec, " ", status.st_ctim.tv_sec, ".",
                                 status.st_ctim.tv_nsec));
  }
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "\n");
}

absl::StatusOr<Listener> ListenOn(const std::string& address) {
  absl::StatusOr<Listener> listener = Listener::Bind(*listen::Address::Parse(address));
  if (!listener.ok()) return listener;
  if (const absl::Status status = listener->Listen(8); !status.ok()) return status;
  return listener;
}

TEST_F(StartCheckTest, FindsNothingWhereAllIsWell) {
  StartCheck check(kWorker);
  EXPECT_EQ(Check(check, "zone { name: 'a' size_bytes: 4096 }"), "");
  EXPECT_TRUE(check.has_looked());
  EXPECT_THAT(check.problems(), IsEmpty());
  EXPECT_THAT(check.unchecked(), IsEmpty());
  EXPECT_FALSE(check.running().has_value());
}

TEST_F(StartCheckTest, ChangesNothing) {
  std::ofstream(At("old.log")) << "a line\n";
  // One that a killed process left.
  {
    const ipc::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const listen::Address address = *listen::Address::Parse("unix:" + At("left.sock"));
    ASSERT_EQ(::bind(dead.get(), address.get(), address.size()), 0);
  }
  const std::string before = Tree(folder_);
  EXPECT_EQ(Check("listen { address: 'unix:new/site.sock' } listen { address: 'unix:left.sock' } "
                  "admin { listen: 'unix:run/a.sock' } log { path: 'old.log' } "
                  "zone { name: 'a' size_bytes: 4096 }"),
            "");
  EXPECT_EQ(Tree(folder_), before);
}

TEST_F(StartCheckTest, FindsAnAddressInUse) {
  const auto other = ListenOn("127.0.0.1:0");
  ASSERT_TRUE(other.ok());
  const std::string address = other->address().ToString();
  EXPECT_EQ(Check("", address),
            absl::StrCat("m:2:19: listen[0].address: bind ", address,
                         ": Address already in use; another process listens there"));
}

TEST_F(StartCheckTest, FindsAnAddressOfAnotherMachine) {
  EXPECT_EQ(Check("", "192.0.2.1:0"),
            "m:2:19: listen[0].address: bind 192.0.2.1:0: Cannot assign requested address");
}

TEST_F(StartCheckTest, FindsASocketAtWhichSomebodyListens) {
  const auto other = ListenOn("unix:" + At("a.sock"));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(Check("admin { listen: 'unix:a.sock' }"),
            absl::StrCat("m:3:17: admin.listen[0]: bind unix:", At("a.sock"),
                         ": Address already in use; another process listens there"));
}

TEST_F(StartCheckTest, TakesWhatItsOwnMasterHasForFree) {
  const auto pid_file = PidFile::Lock(At("run/muster.pid"));
  const auto tcp = ListenOn("127.0.0.1:0");
  const auto admin = ListenOn("unix:" + At("a.sock"));
  ASSERT_TRUE(pid_file.ok() && tcp.ok() && admin.ok());
  EXPECT_EQ(
      AnswerOfChild([&] {
        StartCheck check(kWorker);
        const std::string told =
            Check(check, "admin { listen: 'unix:a.sock' } zone { name: 'a' size_bytes: 1 }",
                  tcp->address().ToString());
        return absl::StrCat(told, absl::StrJoin(check.notes(), ", "), "running ",
                            check.running().value_or(0),
                            ", not checked: ", absl::StrJoin(check.unchecked(), ", "));
      }),
      absl::StrCat("running ", ::getpid(), ", not checked: whether there is memory for new zones"));
}

TEST_F(StartCheckTest, TakesASocketOfItsOwnMasterForFreeHoweverItIsWritten) {
  const auto pid_file = PidFile::Lock(At("run/muster.pid"));
  const auto socket = ListenOn("unix:" + At("a.sock"));
  ASSERT_TRUE(pid_file.ok() && socket.ok());
  EXPECT_EQ(AnswerOfChild([&] {
              StartCheck check(kWorker);
              return Check(check, "", "unix:run/../a.sock");
            }),
            "");
}

TEST_F(StartCheckTest, FindsAUserThatDoesNotExist) {
  EXPECT_EQ(Check("listen { address: 'unix:a.sock' owner: 'no-such-user' }"),
            "m:3:40: listen[1].owner: \"no-such-user\" is no user of this machine; write a name or "
            "a number");
  EXPECT_THAT(Check("admin { group: 'no-such-group' }"),
              HasSubstr("admin.group: \"no-such-group\""));
}

TEST_F(StartCheckTest, LetsAddressesOverlapWithThoseOfTheRunningMaster) {
  const auto pid_file = PidFile::Lock(At("run/muster.pid"));
  const auto any = ListenOn("*:0");
  ASSERT_TRUE(pid_file.ok() && any.ok());
  const std::string port = absl::StrCat(":", any->address().port());
  EXPECT_EQ(AnswerOfChild([&] {
              StartCheck check(kWorker);
              const std::string told = Check(check, "", "127.0.0.1" + port);
              return absl::StrCat(told, absl::StrJoin(check.notes(), "\n"));
            }),
            "");
  EXPECT_THAT(AnswerOfChild([&] {
                StartCheck check(kWorker);
                return Check(check, "", "192.0.2.1" + port);
              }),
              HasSubstr("Cannot assign requested address"));
}

TEST_F(StartCheckTest, FindsAWorkerProgramThatIsNone) {
  StartCheck missing("/nowhere/worker");
  EXPECT_EQ(Check(missing, ""), "");
  EXPECT_THAT(missing.problems(),
              ElementsAre(HasSubstr("--worker: worker program /nowhere/worker: No such file")));
  StartCheck silent("/bin/false");
  EXPECT_EQ(Check(silent, ""), "");
  EXPECT_THAT(silent.problems(),
              ElementsAre("--worker: /bin/false --describe: does not describe what it serves: "
                          "exited with code 1"));
}

TEST_F(StartCheckTest, PutsTheConfiguredWorkerProgramInItsPlace) {
  StartCheck check("");
  EXPECT_EQ(Check(check, "worker_binary: '/bin/false'"),
            "m:3:16: worker_binary: /bin/false --describe: does not describe what it serves: "
            "exited with code 1");
  EXPECT_THAT(check.problems(), IsEmpty());
}

TEST_F(StartCheckTest, TellsOnceThatTheWorkerProgramIsMissing) {
  StartCheck check("");
  EXPECT_EQ(Check(check, "worker_binary: '/nowhere/worker'"),
            "m:3:16: worker_binary: \"/nowhere/worker\" cannot be run: No such file or directory");
  StartCheck asked("");
  EXPECT_THAT(Check(asked, "worker_binary: '/nowhere/worker' service { [x.y/Z] {} }"),
              testing::MatchesRegex("m:3:16: worker_binary: cannot be asked what it serves: "
                                    "[^\n]*"));
}

TEST_F(StartCheckTest, FindsAZoneThatIsTooLarge) {
  EXPECT_THAT(Check("zone { name: 'a' size_bytes: 1099511627776 }"),
              testing::MatchesRegex("m:3:30: zone\\[0\\].size_bytes: zone \"a\": 1099511627776 "
                                    "bytes are more than half of this machine's memory, which is "
                                    "[0-9]+"));
}

TEST_F(StartCheckTest, FindsALimitOfFiles) {
  EXPECT_EQ(AnswerOfChild([&] {
              const rlimit limit = {4096, 4096};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              return Check("zone { name: 'a' size_bytes: 1024 }");
            }),
            absl::StrCat("m:3:30: zone[0].size_bytes: ", worker::UserZone::FileBytes("a", 1024),
                         " bytes with its tables are more than a file of this user may have, "
                         "which is 4096; see ulimit -f"));
}

TEST_F(StartCheckTest, FindsAUserOfNoAccountInTheRules) {
  EXPECT_THAT(Check("admin { allow { name: 'r' principal: 'user:no-such-user' role: VIEWER } }"),
              testing::HasSubstr(
                  "admin.allow[0].principal[0]: \"no-such-user\" is no user of this machine"));
}

TEST_F(StartCheckTest, FindsALimitOfDescriptors) {
  EXPECT_EQ(AnswerOfChild([&] {
              const rlimit limit = {256, 256};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              return Check("worker_processes: 200 accept: REUSEPORT");
            }),
            "m:3:31: accept: the master needs 1043 descriptors for a reload and may have 256; "
            "see ulimit -Hn");
}

TEST_F(StartCheckTest, LetsAStartRaiseTheSoftLimitOfDescriptors) {
  EXPECT_EQ(AnswerOfChild([&] {
              const rlimit limit = {256, 2048};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              return Check("worker_processes: 200 accept: REUSEPORT");
            }),
            "");
}

TEST_F(StartCheckTest, LooksAtNothingIfTheTextCannotBeRead) {
  StartCheck check("/nowhere");
  EXPECT_EQ(Check(check, "{"), "m:3:1: \"{\" is never closed");
  EXPECT_FALSE(check.has_looked());
  EXPECT_THAT(check.problems(), IsEmpty());
}

// A core file's place is the machine's to say.
TEST_F(StartCheckTest, NotesThatTheSandboxKeepsWorkersFromWritingCoreFiles) {
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  const bool is_piped = !pattern.empty() && pattern[0] == '|';
  StartCheck check(kWorker);
  EXPECT_EQ(Check(check, "limits { core: 1000 }"), "");
  if (is_piped) {
    EXPECT_THAT(check.notes(), IsEmpty());
  } else {
    EXPECT_THAT(check.notes(), ElementsAre(HasSubstr("limits.core: a worker in the sandbox")));
  }
  for (const char* config : {"", "limits { core: 0 }", "limits { core: 1000 } sandbox: LOG"}) {
    StartCheck other(kWorker);
    EXPECT_EQ(Check(other, config), "");
    EXPECT_THAT(other.notes(), IsEmpty()) << config;
  }
}

}  // namespace
}  // namespace muster::master
