#include "muster/master/logs/worker_logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

TEST(WorkerLogs, AreThoseThatAWorkerDoesNotInherit) {
  config::v1::Config config;
  config.mutable_log()->set_path("/dev/stderr");
  config.mutable_http()->mutable_access_log()->set_path("/dev/null");
  const auto opened = OpenWorkerLogs(WorkerLogsOf(config));
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_EQ(opened->logs.size(), 1u);
  EXPECT_EQ(opened->logs[0].path(), "/dev/null");
  EXPECT_EQ(opened->fds.size(), 1u);
}

TEST(WorkerLogs, AreMadeWithTheirFolder) {
  const std::string path = ::testing::TempDir() + "/new/folder/log";
  const auto opened = OpenWorkerLogs({{path, "log.path"}, {path, "x"}});
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_EQ(opened->fds.size(), 2u);
  const int flags = ::fcntl(opened->fds[0].get(), F_GETFL);
  EXPECT_EQ(flags & O_ACCMODE, O_WRONLY);
  EXPECT_NE(flags & O_APPEND, 0);
  EXPECT_NE(::fcntl(opened->fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  // Each has a description of its own.
  ASSERT_EQ(::write(opened->fds[0].get(), "line\n", 5), 5);
  EXPECT_EQ(::lseek(opened->fds[1].get(), 0, SEEK_CUR), 0);
}

TEST(WorkerLogs, AreNotWaitedFor) {
  const std::string path = ::testing::TempDir() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto opened = OpenWorkerLogs({{path, "log.path"}});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->fds.size(), 1u);
}

TEST(WorkerLogs, ThatCannotBeOpenedNameTheirField) {
  const absl::Status status = OpenWorkerLogs({{::testing::TempDir(), "log.path"}}).status();
  EXPECT_EQ(config::FieldOf(status), "log.path");
}

TEST(WorkerLogs, TellWhyOneCouldNotBeOpenedAgain) {
  OpenedLogs opened;
  opened.Add({"/a", "log.path"}, absl::UnavailableError("open /a: still opening /a after 2s"));
  opened.Add({::testing::TempDir() + "/b", "x"}, OpenLog(::testing::TempDir() + "/b"));
  ASSERT_EQ(opened.logs.size(), 2u);
  EXPECT_EQ(opened.logs[0].error(), "open /a: still opening /a after 2s");
  EXPECT_EQ(opened.logs[1].error(), "");
  EXPECT_EQ(opened.fds.size(), 1u);
}

}  // namespace
}  // namespace muster::master
