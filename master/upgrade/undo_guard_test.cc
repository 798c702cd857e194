// With a real program that is executed in its own place: undo_probe.cc.

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

constexpr char kProbe[] = "master/upgrade/undo_probe";

struct Ended {
  int status = 0;      // as waitpid has it
  std::string report;  // what the probe has written
};

// `is_first`: as the first process of a pid namespace. -1 as the status: there can be none here.
Ended RunProbe(const std::string& what, bool is_first = false) {
  const std::string output =
      absl::StrCat(::getenv("TEST_TMPDIR"), "/", what, is_first ? ".first" : "");
  std::filesystem::remove(output);
  const pid_t child = ::fork();
  if (child == 0) {
    if (is_first && ::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
      ::_exit(99);
    }
    if (is_first) {
      const pid_t first = ::fork();
      if (first != 0) {
        int status = 0;
        ::waitpid(first, &status, 0);
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
      }
    }
    ::execl(kProbe, kProbe, output.c_str(), what.c_str(), nullptr);
    ::_exit(97);
  }
  Ended ended;
  EXPECT_EQ(::waitpid(child, &ended.status, 0), child);
  std::ostringstream text;
  text << std::ifstream(output).rdbuf();
  ended.report = text.str();
  return ended;
}

bool HasExitedWith(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

struct Way {
  const char* what;
  const char* reason;  // of the undo
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.what; }

class UndoGuard : public ::testing::TestWithParam<Way> {};

TEST_P(UndoGuard, LeadsBackToTheProgramBeforeWhichFindsAllAsItWas) {
  const Ended ended = RunProbe(GetParam().what);
  EXPECT_TRUE(HasExitedWith(ended.status, 0)) << ended.status;
  EXPECT_EQ(ended.report, absl::StrCat("undone: ", GetParam().reason, "\n"));
}

TEST_P(UndoGuard, DoesSoInTheFirstProcessOfAPidNamespace) {
  const Ended ended = RunProbe(GetParam().what, /*is_first=*/true);
  if (HasExitedWith(ended.status, 99)) GTEST_SKIP() << "a pid namespace cannot be made here";
  EXPECT_TRUE(HasExitedWith(ended.status, 0)) << ended.status;
  EXPECT_EQ(ended.report, absl::StrCat("undone: ", GetParam().reason, "\n"));
}

#define DOING " while it was doing as it was told"
INSTANTIATE_TEST_SUITE_P(
    Ways, UndoGuard,
    ::testing::Values(Way{"refuse", "it refuses, for a test"}, Way{"exit", "it called exit" DOING},
                      Way{"return", "it called exit" DOING}, Way{"abort", "it got SIGABRT" DOING},
                      Way{"segv", "it got SIGSEGV" DOING}, Way{"bus", "it got SIGBUS" DOING},
                      Way{"ill", "it got SIGILL" DOING}, Way{"fpe", "it got SIGFPE" DOING},
                      Way{"sys", "it got SIGSYS" DOING}, Way{"trap", "it got SIGTRAP" DOING},
                      Way{"throw", "it got SIGABRT" DOING}, Way{"overflow", "it got SIGSEGV" DOING},
                      Way{"hang", "it had not reported within 300 ms:" DOING},
                      Way{"hang-in-thread", "it had not reported within 300 ms:" DOING},
                      Way{"threads-segv", "it got SIGSEGV" DOING},
                      Way{"thread-segv", "it got SIGSEGV" DOING}),
    [](const auto& way) {
      std::string name;
      for (const char c : std::string(way.param.what)) {
        if (c != '-') name += c;
      }
      return name;
    });

TEST(UndoGuardOfThreads, LeadsBackFromAThreadWhoseStackIsFull) {
#if defined(MUSTER_SANITIZER)
  GTEST_SKIP() << "with a sanitizer, threads have no stack for handlers";
#endif
  EXPECT_EQ(RunProbe("thread-overflow").report, "undone: it got SIGSEGV" DOING "\n");
}

TEST(UndoGuardDisarmed, LeavesSignalsToDoWhatTheyDid) {
  EXPECT_EQ(RunProbe("works").report, "works\n");
  const Ended ended = RunProbe("crashes-later");
  EXPECT_TRUE(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGABRT) << ended.status;
  EXPECT_EQ(ended.report, "");
}

TEST(UndoGuardTries, EndWithTheLastOne) {
  const Ended ended = RunProbe("fails-always");
  EXPECT_TRUE(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGABRT) << ended.status;
  EXPECT_EQ(ended.report, "try 1\ntry 2\n");
}

}  // namespace
}  // namespace muster::master
