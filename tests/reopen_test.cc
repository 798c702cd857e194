#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/await.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::uint64_t CountLines(const std::string& path) {
  const std::string text = ReadFile(path);
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Reopen, WritesToANewFileAfterTheOldOneWasMoved) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_TRUE(FetchOnce(muster.address(), "/?before").has_value());
  ASSERT_EQ(std::rename(muster.path("access.log").c_str(), muster.path("moved.log").c_str()), 0);

  const Finished reopen = muster.Ctl({"reopen"});

  ASSERT_EQ(reopen.exit, 0) << reopen.errors;
  ASSERT_TRUE(FetchOnce(muster.address(), "/?after").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_THAT(ReadFile(muster.path("moved.log")), HasSubstr("GET /?before HTTP/1.1\" 200"));
  EXPECT_THAT(ReadFile(muster.path("moved.log")), Not(HasSubstr("after")));
  EXPECT_THAT(ReadFile(muster.path("access.log")), HasSubstr("GET /?after HTTP/1.1\" 200"));
}

TEST(Reopen, LosesNoLineWhileClientsAreServed) {
  RunningMaster muster(RunningMaster::Config("sandbox: ENFORCE log { path: 'error.log' }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  Load load(muster.address(), "/", {.keep_alive = 4, .connection_per_request = 2});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(load.AwaitMore(50));
    for (const char* log : {"access.log", "error.log"}) {
      const std::string moved = muster.path(absl::StrCat(log, ".", i));
      ASSERT_EQ(std::rename(muster.path(log).c_str(), moved.c_str()), 0);
    }
    const Finished reopen = muster.Ctl({"reopen"});
    ASSERT_EQ(reopen.exit, 0) << reopen.errors;
  }
  ASSERT_TRUE(load.AwaitMore(50));
  load.Stop();
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  std::uint64_t lines = CountLines(muster.path("access.log"));
  EXPECT_GT(lines, 0u);
  for (int i = 0; i < 20; ++i) lines += CountLines(muster.path(absl::StrCat("access.log.", i)));
  EXPECT_EQ(lines, load.answered());
}

std::size_t CountDescriptors(pid_t pid) {
  std::error_code error;
  const std::filesystem::directory_iterator all(absl::StrCat("/proc/", pid, "/fd"), error);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(Reopen, GivesAWorkerThatWasStoppedTheNewestFilesAndHoldsNoOthersForIt) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("log { path: 'error.log' }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_TRUE(FetchOnce(muster.address(), "/").has_value());
  const pid_t worker = muster.WorkerPids().at(0);
  const std::size_t before = CountDescriptors(muster.master().pid());
  ASSERT_EQ(::kill(worker, SIGSTOP), 0);
  Finished waiting;
  std::atomic<bool> is_over = false;
  // It is not asked before the worker has answered the one of the first signal.
  std::thread caller([&] {
    waiting = muster.Ctl({"reopen"});
    is_over = true;
  });
  int moved = 0;
  for (; moved < 100 || !is_over; ++moved) {
    const std::string name = muster.path(absl::StrCat("access.log.", moved));
    ASSERT_EQ(std::rename(muster.path("access.log").c_str(), name.c_str()), 0);
    ASSERT_EQ(::kill(muster.master().pid(), SIGUSR1), 0);
    // The master has opened them again.
    ASSERT_TRUE(Await([&] { return ::access(muster.path("error.log").c_str(), F_OK) == 0; }));
    WriteFile(muster.path("access.log"), "");
    muster.Status();
  }
  caller.join();
  EXPECT_EQ(waiting.exit, 1);
  EXPECT_THAT(waiting.errors,
              HasSubstr("has not answered an earlier request to reopen, and a later "
                        "request takes the place of this one"));
  EXPECT_LE(CountDescriptors(muster.master().pid()), before + 4);
  ASSERT_EQ(::kill(worker, SIGCONT), 0);
  // It gets what is there now, by the request that waits.
  ASSERT_TRUE(Await([&] {
    return FetchOnce(muster.address(), "/?after").has_value() &&
           absl::StrContains(ReadFile(muster.path("access.log")), "/?after");
  }));
}

TEST(Reopen, NamesTheFieldOfALogThatCannotBeOpened) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("log { path: 'error.log' }"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(std::rename(muster.path("error.log").c_str(), muster.path("moved.log").c_str()), 0);
  ASSERT_EQ(::mkdir(muster.path("error.log").c_str(), 0700), 0);
  const Finished reopen = muster.Ctl({"reopen"});
  EXPECT_EQ(reopen.exit, 1);
  EXPECT_THAT(reopen.errors, HasSubstr("master: log.path: open "));
  EXPECT_THAT(reopen.errors, ContainsRegex("worker 0 of generation 1 [^:]*: log.path: open "));
}

TEST(Reopen, TellsOfTheFileThatCannotBeOpenedAndGoesOnWithTheOld) {
  RunningMaster muster(RunningMaster::Config());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(std::rename(muster.path("access.log").c_str(), muster.path("moved.log").c_str()), 0);
  ASSERT_EQ(::mkdir(muster.path("access.log").c_str(), 0700), 0);

  const Finished reopen = muster.Ctl({"reopen"});

  EXPECT_EQ(reopen.exit, 1);
  EXPECT_THAT(reopen.errors, HasSubstr("access.log: Is a directory"));
  ASSERT_TRUE(FetchOnce(muster.address(), "/?later").has_value());
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_THAT(ReadFile(muster.path("moved.log")), HasSubstr("GET /?later"));
}

}  // namespace
}  // namespace muster::tests
