#include "muster/worker/threads/pool_thread.h"

#include <pthread.h>

#include <csignal>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

TEST(PoolThread, HasAName) {
  char name[16] = {};
  auto thread =
      StartPoolThread(7, [&name] { ::pthread_getname_np(::pthread_self(), name, sizeof(name)); });
  ASSERT_TRUE(thread.ok()) << thread.status();
  thread->join();
  EXPECT_STREQ(name, "muster/pool-7");
}

TEST(PoolThread, LeavesSignalsToTheThreadThatStartedIt) {
  sigset_t blocked;
  auto thread = StartPoolThread(0, [&blocked] { ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  ASSERT_TRUE(thread.ok()) << thread.status();
  thread->join();
  for (const int signal : {SIGTERM, SIGQUIT, SIGUSR1, SIGURG, SIGPIPE}) {
    EXPECT_TRUE(::sigismember(&blocked, signal)) << signal;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    EXPECT_FALSE(::sigismember(&blocked, signal)) << signal;
  }
  sigset_t here;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &here);
  EXPECT_FALSE(::sigismember(&here, SIGTERM));
}

}  // namespace
}  // namespace muster::worker
