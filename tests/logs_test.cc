// Whoever reads the logs may be late, or gone. Nobody else waits for that.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

// Of both ends of a FIFO, so that it holds what was written while nobody reads.
ipc::UniqueFd OpenFifo(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) != 0) ADD_FAILURE() << path;
  return ipc::UniqueFd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

void Fill(int fd) {
  const std::string page(4096, 'x');
  while (::write(fd, page.data(), page.size()) > 0) {
  }
}

// Reads until `is_enough`, or until the reader's patience is at its end.
std::string ReadUntil(int fd, const std::function<bool(const std::string&)>& is_enough) {
  std::string text;
  char buffer[65536];
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!is_enough(text) && std::chrono::steady_clock::now() < deadline) {
    pollfd wait = {fd, POLLIN, 0};
    if (::poll(&wait, 1, 1000) <= 0) continue;
    const ssize_t size = ::read(fd, buffer, sizeof(buffer));
    if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

// Kills a worker, and waits until another serves in its place and `ctl` has the status.
void ExpectSupervised(RunningMaster& muster) {
  const std::vector<pid_t> pids = muster.WorkerPids();
  ASSERT_FALSE(pids.empty()) << "the master does not answer";
  ASSERT_EQ(::kill(pids[0], SIGKILL), 0);
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.workers(0).pid() != pids[0] &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  }));
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
}

TEST(Logs, MayBeAStandardErrorWhoseReaderHasStopped) {
  RunningMaster muster;
  const ipc::UniqueFd reader = OpenFifo(muster.path("errors"));
  Fill(reader.get());
  const ipc::UniqueFd errors(::open(muster.path("errors").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(muster.Start([&] { return ::dup2(errors.get(), 2) == 2; }));
  ExpectSupervised(muster);
  EXPECT_EQ(::fcntl(errors.get(), F_GETFL) & O_NONBLOCK, 0) << "whoever started it has it, too";
  // What was kept comes when there is room, without another event.
  const std::string text = ReadUntil(reader.get(), [](const std::string& read) {
    return absl::StrContains(read, "killed by SIGKILL");
  });
  EXPECT_THAT(text, HasSubstr("starts with"));
  EXPECT_THAT(text, HasSubstr("killed by SIGKILL"));
}

TEST(Logs, MayBeAFifoThatNobodyReads) {
  RunningMaster muster(RunningMaster::Config("log { path: 'log' }"));
  const ipc::UniqueFd unread = OpenFifo(muster.path("log"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ExpectSupervised(muster);
  Fill(unread.get());
  ExpectSupervised(muster);
  EXPECT_EQ(muster.Ctl({"reopen"}).exit, 0);
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
}

TEST(Logs, MayBeAFifoThatAlsoNobodyHasOpened) {
  RunningMaster muster(RunningMaster::Config("log { path: 'log' }"));
  ASSERT_EQ(::mkfifo(muster.path("log").c_str(), 0600), 0);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ExpectSupervised(muster);
  const ipc::UniqueFd reader(::open(muster.path("log").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_THAT(ReadUntil(reader.get(),
                        [](const std::string& read) {
                          return absl::StrContains(read, "killed by SIGKILL");
                        }),
              HasSubstr("starts with"));
}

TEST(Logs, MayBeTheSocketOfAJournal) {
  RunningMaster muster(RunningMaster::Config("log { path: '/dev/stderr' }"));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  const ipc::UniqueFd journal(ends[0]);
  const ipc::UniqueFd errors(ends[1]);
  ASSERT_TRUE(muster.Start([&] { return ::dup2(errors.get(), 2) == 2; }));
  const std::string text = ReadUntil(
      journal.get(), [](const std::string& read) { return absl::StrContains(read, "is ready"); });
  EXPECT_THAT(text, HasSubstr(" info    generation 1 is ready"));
  Fill(errors.get());
  ExpectSupervised(muster);
}

TEST(Logs, DoNotKeepClientsWaitingForTheReaderOfTheAccessLog) {
  RunningMaster muster(
      RunningMaster::Config("log { path: 'log' }",
                            "location { path: '/metrics' metrics {} } "
                            "location { path: '/long' return { status: 200 body: 'x' } }"));
  const ipc::UniqueFd reader = OpenFifo(muster.path("access.log"));
  Fill(reader.get());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string path = absl::StrCat("/long?", std::string(3000, 'q'));
  // More than the buffers of two workers hold.
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(FetchOnce(muster.address(), path).has_value()) << "request " << i;
  }
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(ReadFile(muster.path("log")), "the access log: write ");
  })) << ReadFile(muster.path("log"));
  EXPECT_THAT(ReadFile(muster.path("log")), HasSubstr("Resource temporarily unavailable"));
  const auto is_counted = [&](const admin::v1::Status&) {
    const auto metrics = FetchOnce(muster.address(), "/metrics");
    return metrics.has_value() &&
           (!absl::StrContains(metrics->body, "muster_log_lines_lost_total{slot=\"0\"} 0\n") ||
            !absl::StrContains(metrics->body, "muster_log_lines_lost_total{slot=\"1\"} 0\n"));
  };
  EXPECT_TRUE(muster.AwaitStatus(is_counted));
  // And it goes on when there is room.
  const std::string text = ReadUntil(
      reader.get(), [](const std::string& read) { return absl::StrContains(read, "GET /long"); });
  EXPECT_THAT(text, HasSubstr("GET /long?qqq"));
}

}  // namespace
}  // namespace muster::tests
