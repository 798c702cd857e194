#include "muster/master/systemd/service_notifier.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using ::testing::MatchesRegex;

class ServiceNotifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    Listen(absl::StrCat(folder_, "/notify"));
    ::setenv("NOTIFY_SOCKET", absl::StrCat(folder_, "/notify").c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    ::unlink(absl::StrCat(folder_, "/notify").c_str());
    ::rmdir(folder_);
  }
  void Listen(const std::string& name) {
    manager_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size();
    ASSERT_EQ(
        ::bind(manager_.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(size)),
        0);
  }
  std::string Received() {
    char text[256];
    const ssize_t size = ::recv(manager_.get(), text, sizeof(text), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  char folder_[32] = "/tmp/muster-notify-XXXXXX";
  ipc::UniqueFd manager_;
};

TEST_F(ServiceNotifierTest, TellsThatItIsReadyAndWhatItServes) {
  ServiceNotifier(*loop_).TellReady("generation 1");
  EXPECT_EQ(Received(), "READY=1\nSTATUS=generation 1\n");
}

TEST_F(ServiceNotifierTest, TellsAStatusOfSeveralLinesInOne) {
  ServiceNotifier(*loop_).TellReady("a\nSTOPPING=1");
  EXPECT_EQ(Received(), "READY=1\nSTATUS=a STOPPING=1\n");
}

TEST_F(ServiceNotifierTest, TellsTheTimeOfAReloadInTheSameMessage) {
  ServiceNotifier(*loop_).TellReloading();
  EXPECT_THAT(Received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
}

TEST_F(ServiceNotifierTest, TellsThatItStops) {
  ServiceNotifier(*loop_).TellStopping();
  EXPECT_EQ(Received(), "STOPPING=1\n");
}

TEST_F(ServiceNotifierTest, SaysNothingWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotifier(*loop_).TellStopping();
  EXPECT_EQ(Received(), "nothing");
}

TEST_F(ServiceNotifierTest, MindsNoAddressThatIsNone) {
  for (const std::string& address :
       {std::string(), std::string("notify"), std::string("/"), std::string(200, '/')}) {
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
    ServiceNotifier(*loop_).TellStopping();
  }
  EXPECT_EQ(Received(), "nothing");
}

TEST_F(ServiceNotifierTest, KnowsTheAbstractNamespace) {
  const std::string name = absl::StrCat("muster-notify-", ::getpid());
  Listen(std::string(1, '\0') + name);
  ::setenv("NOTIFY_SOCKET", absl::StrCat("@", name).c_str(), 1);
  ServiceNotifier(*loop_).TellStopping();
  EXPECT_EQ(Received(), "STOPPING=1\n");
}

TEST_F(ServiceNotifierTest, DoesNotWaitForAManagerThatDoesNotRead) {
  ServiceNotifier notifier(*loop_);
  for (int i = 0; i < 40; ++i) notifier.TellReady(absl::StrCat(i));
  int next = 0;
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] {
    while (Received() == absl::StrCat("READY=1\nSTATUS=", next, "\n")) ++next;
    return next == 40;
  })) << next;
}

TEST_F(ServiceNotifierTest, KeepsTheLastMessagesForAManagerThatNeverReads) {
  ServiceNotifier notifier(*loop_);
  for (int i = 0; i < 1000; ++i) notifier.TellReloading();
  notifier.TellStopping();
  std::string last;
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] {
    for (std::string next; (next = Received()) != "nothing";) last = next;
    return last == "STOPPING=1\n";
  }));
}

TEST_F(ServiceNotifierTest, TellsAWatchdogAgainAndAgainThatTheLoopRuns) {
  ::setenv("WATCHDOG_USEC", "4000", 1);
  ::setenv("WATCHDOG_PID", absl::StrCat(::getpid()).c_str(), 1);
  ServiceNotifier notifier(*loop_);
  notifier.Begin();
  int told = 0;
  EXPECT_TRUE(loop::RunUntil(*loop_, [&] {
    while (Received() == "WATCHDOG=1\n") ++told;
    return told == 5;
  })) << told;
}

TEST_F(ServiceNotifierTest, TellsNothingToAWatchdogOfAnotherProcess) {
  ::setenv("WATCHDOG_USEC", "4000", 1);
  ::setenv("WATCHDOG_PID", absl::StrCat(::getppid()).c_str(), 1);
  ServiceNotifier notifier(*loop_);
  notifier.Begin();
  EXPECT_EQ(Received(), "nothing");
}

TEST_F(ServiceNotifierTest, MindsNoWatchdogTimeThatIsNone) {
  for (const char* time : {"", "0", "-5", "soon"}) {
    ::setenv("WATCHDOG_USEC", time, 1);
    ServiceNotifier notifier(*loop_);
    notifier.Begin();
    EXPECT_EQ(Received(), "nothing") << time;
  }
}

TEST_F(ServiceNotifierTest, MindsNoManagerThatIsGone) {
  manager_.reset();
  ServiceNotifier notifier(*loop_);
  notifier.TellReloading();
  notifier.TellStopping();
}

TEST_F(ServiceNotifierTest, TellsInAnotherProgramWhatTheManagerDidNotTake) {
  ServiceNotifier notifier(*loop_);
  while (notifier.Save().unsent_size() == 0) notifier.TellReloading();
  notifier.TellStopping();
  const state::v1::ServiceNotifierState state = notifier.Save();
  while (Received() != "nothing") {
  }
  ServiceNotifier next(*loop_);
  ASSERT_TRUE(next.Restore(state).ok());
  EXPECT_EQ(Received(), "nothing");
  next.Begin();
  EXPECT_THAT(Received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
  EXPECT_EQ(Received(), "STOPPING=1\n");
}

}  // namespace
}  // namespace muster::master
