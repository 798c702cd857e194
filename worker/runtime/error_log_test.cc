#include "muster/worker/runtime/error_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/log/lost_lines.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class ErrorLogTest : public ::testing::Test {
 protected:
  ErrorLogTest() : standard_error_(::dup(STDERR_FILENO)) {
    std::string pattern = ::testing::TempDir() + "/error_log.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/log";
    config_.set_path(path_);
    config_.set_level(config::v1::Log::INFO);
  }
  ~ErrorLogTest() override {
    ::dup2(standard_error_.get(), STDERR_FILENO);
    std::filesystem::remove_all(folder_);
  }

  std::string Text() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  const ipc::UniqueFd standard_error_;
  std::string folder_;
  std::string path_;
  config::v1::Log config_;
};

TEST_F(ErrorLogTest, WritesLinesWithTheWriterFromItsLevelOn) {
  const ErrorLog log = *ErrorLog::Open(config_, "worker 3 of generation 7");
  log.Write(config::v1::Log::DEBUG, "unimportant");
  log.Write(config::v1::Log::WARN, "important");
  EXPECT_THAT(Text(), MatchesRegex("[^\n]* warning worker 3 of generation 7: important\n"));
}

TEST_F(ErrorLogTest, WritesFromAnotherLevelOnWhileTheMasterWantsThat) {
  ipc::Gauge level;
  const ErrorLog log = *ErrorLog::Open(config_, "w", &level);
  log.Write(config::v1::Log::DEBUG, "one");
  level.Set(1 + config::v1::Log::DEBUG);
  log.Write(config::v1::Log::DEBUG, "two");
  level.Set(1 + config::v1::Log::ERROR);
  log.Write(config::v1::Log::WARN, "three");
  for (const std::int64_t damage : {-1, 0, 5, 1000000}) {
    level.Set(damage);
    log.Write(config::v1::Log::DEBUG, "four");
    log.Write(config::v1::Log::INFO, "five");
  }
  EXPECT_THAT(Text(), MatchesRegex("[^\n]* debug   w: two\n([^\n]* info    w: five\n){4}"));
}

TEST_F(ErrorLogTest, MakesItsFileTheStandardErrorAlsoAfterReopen) {
  const ErrorLog log = *ErrorLog::Open(config_, "w");
  ASSERT_EQ(::write(STDERR_FILENO, "a library\n", 10), 10);
  EXPECT_EQ(Text(), "a library\n");
  std::filesystem::rename(path_, folder_ + "/old");
  ASSERT_TRUE(log.Reopen().ok());
  ASSERT_EQ(::write(STDERR_FILENO, "another\n", 8), 8);
  EXPECT_EQ(Text(), "another\n");
}

TEST_F(ErrorLogTest, KeepsItsFileWhenReopenFails) {
  const ErrorLog log = *ErrorLog::Open(config_, "w");
  std::filesystem::rename(path_, folder_ + "/old");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(log.Reopen().message(), "open " + path_ + ": Is a directory");
  log.Write(config::v1::Log::WARN, "kept");
  path_ = folder_ + "/old";
  EXPECT_THAT(Text(), HasSubstr("w: kept\n"));
}

TEST_F(ErrorLogTest, DoesNotWaitForTheReaderOfTheStandardErrorThatItInherited) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ipc::UniqueFd read(ends[0]);
  const ipc::UniqueFd write(ends[1]);
  ::dup2(write.get(), STDERR_FILENO);
  const ErrorLog log = *ErrorLog::Open(config::v1::Log(), "w");
  const std::uint64_t before = log::LostLines();
  for (int i = 0; i < 1000; ++i) log.Write(config::v1::Log::WARN, std::string(200, 'x'));
  // A library, which knows nothing of the log.
  const std::string text(128 * 1024, 'x');
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  EXPECT_GT(log::LostLines(), before);
  EXPECT_EQ(::fcntl(write.get(), F_GETFL) & O_NONBLOCK, 0) << "whoever started us shares it";
}

}  // namespace
}  // namespace muster::worker
