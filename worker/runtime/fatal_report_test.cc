#include "muster/worker/runtime/fatal_report.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"

namespace muster::worker {
namespace {

constexpr ipc::OwnerTag kTag(2, 9);

class FatalReportTest : public testing::Test {
 protected:
  FatalReportTest()
      : words_(new (::mmap(nullptr, sizeof(LastWords), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) LastWords()) {}
  ~FatalReportTest() override { ::munmap(words_, sizeof(LastWords)); }

  // How a child ended that reported into the words and did `what`. Its standard error is closed.
  int Run(const std::function<void(FatalReport&)>& what) {
    child_ = ::fork();
    if (child_ == 0) {
      ::close(STDERR_FILENO);
      FatalReport report(*words_, kTag);
      // As in main: nobody catches.
      [&]() noexcept { what(report); }();
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    return status;
  }

  std::optional<LastWordsShown> words() const { return ReadLastWords(*words_); }
  pid_t child() const { return child_; }

 private:
  LastWords* const words_;
  pid_t child_ = 0;
};

bool WasAborted(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }

TEST_F(FatalReportTest, TellsACheckThatFailed) {
  EXPECT_TRUE(WasAborted(Run([](FatalReport&) { MUSTER_CHECK(1 > 2, "the order is wrong"); })));
  ASSERT_TRUE(words().has_value());
  EXPECT_NE(words()->text.find("fatal_report_test.cc:"), std::string::npos) << words()->text;
  EXPECT_NE(words()->text.find("check failed: 1 > 2: the order is wrong"), std::string::npos);
  EXPECT_EQ(words()->tag, kTag);
  EXPECT_EQ(words()->pid, child());
}

TEST_F(FatalReportTest, TellsAnExceptionThatNobodyCaught) {
  EXPECT_TRUE(WasAborted(Run([](FatalReport&) { throw std::runtime_error("no such table"); })));
  ASSERT_TRUE(words().has_value());
  EXPECT_EQ(words()->text, "uncaught exception: no such table");
}

TEST_F(FatalReportTest, TellsWhatHappensInAnotherThread) {
  EXPECT_TRUE(WasAborted(Run([](FatalReport&) { std::thread([] { throw 5; }).join(); })));
  ASSERT_TRUE(words().has_value());
  EXPECT_EQ(words()->text, "uncaught exception, which is no std::exception");
}

TEST_F(FatalReportTest, TellsTheFirstReasonOnly) {
  EXPECT_TRUE(WasAborted(Run([](FatalReport& report) {
    report.Say("the cause");
    std::terminate();
  })));
  EXPECT_EQ(words()->text, "the cause");
}

TEST_F(FatalReportTest, TellsNothingOfAProcessThatIsKilled) {
  EXPECT_FALSE(WasAborted(Run([](FatalReport&) { std::raise(SIGKILL); })));
  EXPECT_FALSE(words().has_value());
}

TEST_F(FatalReportTest, TellsNothingOfAChildOfTheProcess) {
  const int status = Run([](FatalReport&) {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) std::terminate();
    ::waitpid(grandchild, nullptr, 0);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_FALSE(words().has_value());
}

TEST_F(FatalReportTest, LeavesTheProcessAsItWas) {
  const std::terminate_handler before = std::get_terminate();
  LastWords words = {};
  {
    const FatalReport report(words, kTag);
    EXPECT_NE(std::get_terminate(), before);
  }
  EXPECT_EQ(std::get_terminate(), before);
}

}  // namespace
}  // namespace muster::worker
