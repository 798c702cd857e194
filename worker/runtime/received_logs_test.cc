#include "muster/worker/runtime/received_logs.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/sandbox/landlock.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

ipc::UniqueFd OpenFile(const std::string& path) {
  return ipc::UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

// A path that this process cannot open, and the file that it means.
class ReceivedLogsTest : public ::testing::Test {
 protected:
  static void ExpectWrites(ReceivedLogs& logs, const std::string& path, const std::string& file) {
    absl::StatusOr<log::Target> target = logs.Open(path);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_TRUE(target->is_file());
    EXPECT_EQ(target->Write("line\n"), 5);
    EXPECT_EQ(ReadFile(file), "line\n");
  }

  static ipc::ReceivedMessage Reopen(const v1::Logs& logs) {
    ipc::ReceivedMessage message;
    message.payload = logs.SerializeAsString();
    return message;
  }

  const std::string file_ = ::testing::TempDir() + "/received_" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ReceivedLogsTest, AreWhatTheProcessHasInherited) {
  // The number is the test's alone if nobody has it.
  const int fd = kFirstLogFd + kMostLogs - 1;
  ASSERT_EQ(::fcntl(fd, F_GETFD), -1);
  ASSERT_EQ(::dup2(OpenFile(file_).get(), fd), fd);
  v1::Hello hello;
  v1::Log* const log = hello.add_log();
  log->set_path("/nowhere/log");
  log->set_fd(fd);
  ReceivedLogs logs = ReceivedLogs::Inherit(hello);
  EXPECT_THAT(logs.inherited(), ElementsAre("/nowhere/log"));
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  ExpectWrites(logs, "/nowhere/log", file_);
  EXPECT_THAT(std::string(logs.Open("/nowhere/log").status().message()), HasSubstr("No such file"))
      << "once";
}

TEST_F(ReceivedLogsTest, AreNoDescriptorsOfOthers) {
  v1::Hello hello;
  hello.add_log()->set_fd(STDERR_FILENO);
  hello.add_log()->set_fd(kFirstLogFd + kMostLogs);
  hello.add_log()->set_fd(kFirstLogFd + kMostLogs - 2);  // closed
  EXPECT_THAT(ReceivedLogs::Inherit(hello).inherited(), IsEmpty());
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFD), 0);
}

TEST_F(ReceivedLogsTest, AreThoseOfAReopen) {
  ReceivedLogs logs;
  v1::Logs payload;
  payload.add_log()->set_path("/nowhere/log");
  ipc::ReceivedMessage message = Reopen(payload);
  message.fds.push_back(OpenFile(file_));
  ASSERT_TRUE(logs.Take(message).ok());
  ExpectWrites(logs, "/nowhere/log", file_);
}

TEST_F(ReceivedLogsTest, TellWhyTheMasterCouldNotOpenOne) {
  ReceivedLogs logs;
  v1::Logs payload;
  v1::Log* const log = payload.add_log();
  log->set_path("/log");
  log->set_error("open /log: Is a directory");
  ASSERT_TRUE(logs.Take(Reopen(payload)).ok());
  EXPECT_EQ(logs.Open("/log").status().message(), "open /log: Is a directory");
}

TEST_F(ReceivedLogsTest, RefuseAPayloadThatIsNone) {
  ReceivedLogs logs;
  v1::Logs payload;
  payload.add_log()->set_path("/log");
  EXPECT_EQ(logs.Take(Reopen(payload)).message(), "REOPEN: 1 log, but 0 descriptors");
  ipc::ReceivedMessage garbage;
  garbage.payload = "\xff";
  EXPECT_EQ(logs.Take(garbage).message(), "REOPEN: its payload is no muster.worker.v1.Logs");
}

TEST_F(ReceivedLogsTest, TellWhatTheSandboxRefuses) {
  const absl::StatusOr<int> version = LandlockVersion();
  if (!version.ok()) GTEST_SKIP() << version.status();
  OpenFile(file_);
  const auto open = [](const std::string& path) {
    return std::string(ReceivedLogs().Open(path).status().message());
  };
  // Only the thread is restricted.
  std::thread([&] {
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    const auto rules = LandlockRuleset::Create(*version, false);
    ASSERT_TRUE(rules.ok() && rules->Restrict().ok());
    for (const std::string& path : {file_, file_ + ".new"}) {
      EXPECT_EQ(open(path), "open " + path + ": Permission denied by the sandbox of this worker");
    }
    EXPECT_THAT(open("/nowhere/log"), HasSubstr("No such file"));
  }).join();
}

TEST_F(ReceivedLogsTest, LeaveOtherPathsToThisProcess) {
  ReceivedLogs logs;
  ExpectWrites(logs, file_, file_);
}

}  // namespace
}  // namespace muster::worker
