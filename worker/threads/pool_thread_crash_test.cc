// What a thread of a pool writes when it crashes. Each crash is in a child process.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/process_env/crash_report.h"
#include "muster/worker/threads/pool_thread.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

// The standard error of a process in which such a thread does this; and the signal that ended it.
std::string OutputOf(const std::function<void()>& crash, int* signal) {
  int pipe[2];
  EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none = {};
    ::setrlimit(RLIMIT_CORE, &none);
    ::dup2(pipe[1], STDERR_FILENO);
    process_env::ReportCrashes("worker 3 of generation 7");
    auto thread = StartPoolThread(0, crash);
    if (thread.ok()) thread->join();
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe[0], buffer, sizeof(buffer))) > 0;) output.append(buffer, n);
  ::close(pipe[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return output;
}

[[gnu::noinline]] void WriteNowhere() {
  static int* volatile nowhere = nullptr;
  *nowhere = 1;
}

[[gnu::noinline]] int Descend(int depth) {
  volatile char bytes[1024] = {};
  bytes[depth % 1024] = 1;
  return depth < 0 ? 0 : Descend(depth + 1) + bytes[0];
}

TEST(PoolThread, WritesItsStackWhenItCrashes) {
  int signal = 0;
  const std::string output = OutputOf(WriteNowhere, &signal);
  EXPECT_EQ(signal, SIGSEGV);
  EXPECT_THAT(output, HasSubstr("worker 3 of generation 7 crashed; its stack:\n*** SIGSEGV"));
  EXPECT_THAT(output, HasSubstr("WriteNowhere"));
}

TEST(PoolThread, WritesItsStackWhenThatOverflows) {
  int signal = 0;
  const std::string output = OutputOf([] { (void)Descend(0); }, &signal);
  EXPECT_EQ(signal, SIGSEGV);
  EXPECT_THAT(output, HasSubstr("worker 3 of generation 7 crashed; its stack:\n*** SIGSEGV"));
  EXPECT_THAT(output, HasSubstr("Descend"));
}

}  // namespace
}  // namespace muster::worker
