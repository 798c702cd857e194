#include "muster/process_env/crash_report.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct End {
  int status = 0;  // as of waitpid
  std::string output;
};

// Runs `crash` in a child, whose standard error is a pipe.
End EndOf(const std::function<void()>& crash) {
  int pipe[2];
  EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ReportCrashes("worker 3 of generation 7");
    crash();
    ::_exit(0);
  }
  ::close(pipe[1]);
  End end;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe[0], buffer, sizeof(buffer))) > 0;) end.output.append(buffer, n);
  ::close(pipe[0]);
  EXPECT_EQ(::waitpid(child, &end.status, 0), child);
  return end;
}

[[gnu::noinline]] void WriteNowhere() {
  static int* volatile nowhere = nullptr;
  *nowhere = 1;
}

[[gnu::noinline]] void CallWhatCrashes() {
  static volatile int calls = 0;
  WriteNowhere();
  calls = calls + 1;  // the call is not the last thing that it does
}

[[gnu::noinline]] int RunOutOfStack(int depth) {
  if (depth < 0) return 0;
  volatile char large[4096] = {};
  large[0] = static_cast<char>(depth);
  return RunOutOfStack(depth + 1) + large[0];
}

class CrashReportTest : public ::testing::Test {
  void SetUp() override {
#ifdef MUSTER_SANITIZER
    GTEST_SKIP() << "a sanitizer has its own";
#endif
  }
};

TEST_F(CrashReportTest, TellsWhoAndWhereAndEndsByTheSignal) {
  const End end = EndOf(CallWhatCrashes);
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV) << end.status;
  EXPECT_THAT(end.output,
              AllOf(StartsWith("worker 3 of generation 7 crashed; its stack:\n"),
                    HasSubstr("SIGSEGV"), HasSubstr("WriteNowhere"), HasSubstr("CallWhatCrashes")));
}

TEST_F(CrashReportTest, TellsOfEachSignal) {
  for (const int signal : {SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    const End end = EndOf([signal] { ::raise(signal); });
    EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == signal) << end.status;
    EXPECT_THAT(end.output, HasSubstr("crashed; its stack:\n")) << signal;
  }
}

TEST_F(CrashReportTest, TellsOfACrashInsideMalloc) {
  const End end = EndOf([] {
    // The arena's lock is held when it is noticed.
    char* volatile block = static_cast<char*>(std::malloc(2048));
    char* volatile behind = static_cast<char*>(std::malloc(2048));
    for (int i = 0; i < 64; ++i) block[malloc_usable_size(block) + i] = 'x';
    std::free(behind);
    std::free(block);
    for (int i = 0; i < 64; ++i) (void)!std::malloc(4000);
  });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGABRT) << end.status;
  EXPECT_THAT(end.output, AllOf(HasSubstr("crashed; its stack:\n"), HasSubstr("EndOf")));
}

TEST_F(CrashReportTest, TellsOfAnotherThread) {
  const End end = EndOf([] { std::thread(WriteNowhere).join(); });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV) << end.status;
  EXPECT_THAT(end.output, HasSubstr("WriteNowhere"));
}

TEST_F(CrashReportTest, TellsOfAnOverflowOfTheStack) {
  const End end = EndOf([] { (void)RunOutOfStack(0); });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV) << end.status;
  EXPECT_THAT(end.output, HasSubstr("RunOutOfStack"));
}

// In the callback the linker's lock is held.
TEST_F(CrashReportTest, EndsByTheSignalWhereALockIsHeld) {
  const End end = EndOf([] {
    ::dl_iterate_phdr(
        [](dl_phdr_info*, std::size_t, void*) {
          WriteNowhere();
          return 0;
        },
        nullptr);
  });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV) << end.status;
}

TEST_F(CrashReportTest, EndsByTheSignalIfNobodyReads) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const End end = EndOf([&pipe] {
    ::fcntl(pipe[1], F_SETFL, O_NONBLOCK);
    const std::string filling(4096, 'x');
    while (::write(pipe[1], filling.data(), filling.size()) > 0) continue;
    ::fcntl(pipe[1], F_SETFL, 0);
    ::dup2(pipe[1], STDERR_FILENO);
    WriteNowhere();
  });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV) << end.status;
  ::close(pipe[0]);
  ::close(pipe[1]);
}

// The callers of the function that aborts are gone.
ucontext_t without_callers;
char* callers = nullptr;
constexpr std::size_t kPage = 4096;

[[gnu::noinline]] void AbortWithoutCallers() {
  char distance[4 * kPage];
  asm volatile("" : : "r"(distance) : "memory");
  ::munmap(callers, kPage);
  std::abort();
}

TEST_F(CrashReportTest, EndsByTheFirstSignalIfTheReportCrashes) {
  const End end = EndOf([] {
    constexpr std::size_t kSize = 64 * kPage;
    void* const stack =
        ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    callers = static_cast<char*>(stack) + kSize - kPage;
    ::getcontext(&without_callers);
    without_callers.uc_stack.ss_sp = stack;
    without_callers.uc_stack.ss_size = kSize;
    ::makecontext(&without_callers, AbortWithoutCallers, 0);
    ::setcontext(&without_callers);
  });
  EXPECT_TRUE(WIFSIGNALED(end.status));
  EXPECT_EQ(WTERMSIG(end.status), SIGABRT) << end.output;
  EXPECT_THAT(end.output, StartsWith("worker 3 of generation 7 crashed; its stack:\n"));
}

TEST_F(CrashReportTest, LeavesOrdersToTheProcess) {
  const End end = EndOf([] { ::raise(SIGTERM); });
  EXPECT_TRUE(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGTERM) << end.status;
  EXPECT_THAT(end.output, IsEmpty());
}

TEST_F(CrashReportTest, LeavesAChildToItself) {
  const End end = EndOf([] {
    const pid_t child = ::fork();
    if (child == 0) WriteNowhere();
    int status = 0;
    ::waitpid(child, &status, 0);
    ::_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  });
  EXPECT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == SIGSEGV) << end.status;
  EXPECT_THAT(end.output, Not(HasSubstr("crashed")));
}

}  // namespace
}  // namespace muster::process_env
