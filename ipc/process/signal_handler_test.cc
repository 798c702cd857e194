#include "muster/ipc/process/signal_handler.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

bool IsReadable(int fd) {
  pollfd request = {fd, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

using Handler = void (*)(int);

Handler CurrentHandler(int number) {
  struct sigaction action;
  EXPECT_EQ(::sigaction(number, nullptr, &action), 0);
  return action.sa_handler;
}

TEST(SignalHandler, FlagsASignalAndWakesTheLoop) {
  const auto handler = SignalHandler::Install({SIGUSR1, SIGUSR2});
  ASSERT_TRUE(handler.ok()) << handler.status();
  EXPECT_FALSE(IsReadable(handler->fd()));
  ::raise(SIGUSR2);
  EXPECT_TRUE(IsReadable(handler->fd()));
  EXPECT_FALSE(handler->Take(SIGUSR1));
  EXPECT_TRUE(handler->Take(SIGUSR2));
  EXPECT_FALSE(handler->Take(SIGUSR2));
}

TEST(SignalHandler, IsWokenByAnotherProcess) {
  const auto handler = SignalHandler::Install({SIGUSR1});
  ForkedChild child([] { return ::kill(::getppid(), SIGUSR1); });
  pollfd request = {handler->fd(), POLLIN, 0};
  while (::poll(&request, 1, -1) < 0) ASSERT_EQ(errno, EINTR);
  handler->Drain();
  EXPECT_EQ(handler->TakeNext(), SIGUSR1);
  EXPECT_FALSE(IsReadable(handler->fd()));
  EXPECT_EQ(child.Join(), 0);
}

TEST(SignalHandler, TakesEachOnce) {
  const auto handler = SignalHandler::Install({SIGUSR1, SIGUSR2});
  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  EXPECT_EQ(handler->TakeNext(), SIGUSR1);
  EXPECT_EQ(handler->TakeNext(), SIGUSR2);
  EXPECT_EQ(handler->TakeNext(), std::nullopt);
}

TEST(SignalHandler, RestoresWhatWasThereBefore) {
  ::signal(SIGUSR1, SIG_IGN);
  {
    const auto handler = SignalHandler::Install({SIGUSR1, SIGUSR1});
    EXPECT_NE(CurrentHandler(SIGUSR1), SIG_IGN);
  }
  EXPECT_EQ(CurrentHandler(SIGUSR1), SIG_IGN);
  ::signal(SIGUSR1, SIG_DFL);
}

TEST(SignalHandler, ForgetsWhatAnEarlierOneLeft) {
  {
    const auto handler = SignalHandler::Install({SIGUSR1});
    ::raise(SIGUSR1);
  }
  const auto handler = SignalHandler::Install({SIGUSR1});
  EXPECT_FALSE(handler->Take(SIGUSR1));
}

TEST(SignalHandler, ExistsOnce) {
  auto handler = SignalHandler::Install({SIGUSR1});
  EXPECT_EQ(SignalHandler::Install({SIGUSR2}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const SignalHandler moved = *std::move(handler);
  EXPECT_EQ(SignalHandler::Install({SIGUSR2}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SignalHandler, RefusesWhatCannotBeHandledAndInstallsNothing) {
  const Handler before = CurrentHandler(SIGUSR1);
  EXPECT_EQ(SignalHandler::Install({SIGUSR1, SIGKILL}).status(),
            absl::InvalidArgumentError("sigaction: SIGKILL cannot be handled"));
  EXPECT_EQ(CurrentHandler(SIGUSR1), before);
  EXPECT_TRUE(SignalHandler::Install({SIGUSR1}).ok());
}

TEST(SignalHandler, LetsAnInterruptedReadGoOn) {
  const auto handler = SignalHandler::Install({SIGUSR1});
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const UniqueFd reading(fds[0]);
  const UniqueFd writing(fds[1]);
  ForkedChild child([&] {
    AwaitAsleep(::getppid());
    ::kill(::getppid(), SIGUSR1);
    AwaitAsleep(::getppid());  // the handler is done
    return ::write(writing.get(), "x", 1) == 1 ? 0 : 1;
  });
  char byte = 0;
  EXPECT_EQ(::read(reading.get(), &byte, 1), 1);
  EXPECT_EQ(child.Join(), 0);
}

TEST(SignalHandler, MayBeReplacedWhileSignalsArriveInAnotherThread) {
  ::signal(SIGUSR1, SIG_IGN);
  std::atomic<bool> stop{false};
  std::thread shooter([&] {
    while (!stop.load()) ::raise(SIGUSR1);
  });
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(SignalHandler::Install({SIGUSR1}).ok());
  stop.store(true);
  shooter.join();
  ::signal(SIGUSR1, SIG_DFL);
}

}  // namespace
}  // namespace muster::ipc
