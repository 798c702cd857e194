// --ready-fd: whoever starts the master learns when it serves, and where.

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

std::string Program(const std::string& name) { return std::filesystem::absolute(name).string(); }

class ReadyFd : public ::testing::Test {
 protected:
  // The configuration in its folder; what RunningMaster::Start does is not wanted here.
  ReadyFd() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_ = ipc::UniqueFd(ends[0]);
    write_ = ipc::UniqueFd(ends[1]);
  }

  void Start() {
    ::fcntl(write_.get(), F_SETFD, 0);
    master_ = std::make_unique<ChildProcess>(
        muster_.folder(),
        std::vector<std::string>{Program("master/master"), "-c", muster_.path("muster.textproto"),
                                 "--worker", Program("worker/worker"), "--ready-fd",
                                 absl::StrCat(write_.get())});
    write_.reset();
  }
  // What comes until the descriptor is closed by all who had it; fails after kPatience.
  std::string ReadAll() const {
    std::string text;
    char bytes[256];
    while (true) {
      pollfd wait = {.fd = read_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, std::chrono::milliseconds(kPatience).count()) != 1) {
        ADD_FAILURE() << "it stays open after: " << text;
        return text;
      }
      const ssize_t n = ::read(read_.get(), bytes, sizeof(bytes));
      if (n <= 0) return text;
      text.append(bytes, n);
    }
  }

  RunningMaster muster_;
  ipc::UniqueFd read_;
  ipc::UniqueFd write_;
  std::unique_ptr<ChildProcess> master_;
};

TEST_F(ReadyFd, TellsTheBoundAddressesWhenTheyAreServedAndIsClosed) {
  muster_.WriteConfig(
      RunningMaster::Config("listen { address: \"127.0.0.2:0\" }\n"
                            "listen { address: \"unix:site.sock\" }"));
  Start();
  const std::string line = ReadAll();  // ends although master and workers live
  ASSERT_THAT(line, MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]* 127\\.0\\.0\\.2:[1-9][0-9]* unix:" +
                                 muster_.path("site.sock") + "\n"))
      << master_->errors();
  const std::vector<std::string> addresses = absl::StrSplit(line, ' ');
  EXPECT_TRUE(FetchOnce(addresses[0], "/").has_value());
  EXPECT_TRUE(FetchOnce(addresses[1], "/").has_value());
}

TEST_F(ReadyFd, ComesAfterThePidFileAndTheAdminSocket) {
  Start();
  ASSERT_NE(ReadAll(), "");
  EXPECT_EQ(ReadFile(muster_.path("muster.pid")), absl::StrCat(master_->pid(), "\n"));
  EXPECT_EQ(muster_.Ctl({"status"}).exit, 0);
}

TEST_F(ReadyFd, IsClosedWithoutALineWhenTheStartFails) {
  std::filesystem::create_symlink("/proc/nowhere", muster_.path("access.log"));
  Start();
  EXPECT_THAT(ReadAll(), IsEmpty());
  EXPECT_EQ(master_->Wait(), 1);
}

TEST_F(ReadyFd, IsRefusedWhenItIsNotOpen) {
  const Finished master =
      muster_.Master({"-c", muster_.path("muster.textproto"), "--ready-fd", "77"});
  EXPECT_EQ(master.exit, 1);
  EXPECT_THAT(master.errors, HasSubstr("cannot start: --ready-fd 77: Bad file descriptor\n"));
}

// As docs/SUPERVISION.md shows it.
constexpr char kScript[] = R"(
mkfifo ready
"$MASTER" -c muster.textproto --worker "$WORKER" --ready-fd 3 3>ready &
if read -r addresses <ready; then
  echo "serves at $addresses"
  kill $!
else
  echo "cannot start"
fi
wait $!
)";

class ReadyFdInAShell : public ReadyFd {
 protected:
  Finished Run() {
    const std::string script = absl::StrCat("cd ", muster_.folder(), "\n", kScript);
    ChildProcess shell(
        muster_.folder(), {"/bin/sh", "-c", script},
        {"MASTER=" + Program("master/master"), "WORKER=" + Program("worker/worker")});
    const std::optional<int> exit = shell.Wait();
    return {exit.value_or(-1), shell.output(), shell.errors()};
  }
};

TEST_F(ReadyFdInAShell, IsWaitedForByReading) {
  const Finished shell = Run();
  EXPECT_THAT(shell.output, MatchesRegex("serves at 127\\.0\\.0\\.1:[1-9][0-9]*\n"))
      << shell.errors;
  EXPECT_EQ(shell.exit, 0);
}

TEST_F(ReadyFdInAShell, EndsTheWaitWhenTheStartFails) {
  muster_.WriteConfig("listen {");
  const Finished shell = Run();
  EXPECT_EQ(shell.output, "cannot start\n");
  EXPECT_EQ(shell.exit, 1);
}

}  // namespace
}  // namespace muster::tests
