#include "muster/master/process/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/log/lost_lines.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

std::string PathOf(const std::string& name) { return ::testing::TempDir() + "/" + name; }

std::string TextOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

config::v1::Log ConfigFor(const std::string& path, config::v1::Log::Level level) {
  config::v1::Log config;
  config.set_path(path);
  config.set_level(level);
  return config;
}

TEST(Log, WritesALineThatAPersonCanRead) {
  const std::string path = PathOf("line.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kInfo, "generation 1 is ready {}");
  EXPECT_THAT(TextOf(path), MatchesRegex("....-..-.. ..:..:..\\.... info    generation 1 is "
                                         "ready \\{\\}\n"));
}

TEST(Log, WritesFromAnotherLevelOnUntilItIsConfiguredAgain) {
  const std::string path = PathOf("level.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.SetLevel(config::v1::Log::DEBUG);
  EXPECT_EQ(log.level(), config::v1::Log::DEBUG);
  log.Write(Severity::kDebug, "one");
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kDebug, "two");
  EXPECT_THAT(TextOf(path), MatchesRegex("[^\n]* debug   one\n"));
}

TEST(Log, GivesEachLineOfAMessageTimeAndLevel) {
  const std::string path = PathOf("lines.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kError, "refused:\nm:1:1: one\nm:2:1: two\n");
  EXPECT_THAT(TextOf(path), MatchesRegex("....-..-.. ..:..:..\\.... error   refused:\n"
                                         "....-..-.. ..:..:..\\.... error     m:1:1: one\n"
                                         "....-..-.. ..:..:..\\.... error     m:2:1: two\n"));
}

TEST(Log, WritesWarningsAndErrorsToStandardErrorTooUntilItIsConfiguredWithoutThat) {
  const config::v1::Log config = ConfigFor(PathOf("echo.log"), config::v1::Log::INFO);
  ::testing::internal::CaptureStderr();
  {
    Log log;
    ASSERT_TRUE(log.Configure(config, Log::Echo::kYes).ok());
    log.Write(Severity::kInfo, "listening");
    log.Write(Severity::kError, "cannot start");
    ASSERT_TRUE(log.Reopen().ok());
    log.Write(Severity::kWarning, "nor now");
    ASSERT_TRUE(log.Configure(config).ok());
    log.Write(Severity::kError, "later trouble");
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, MatchesRegex("[^\n]* error   cannot start\n[^\n]* warning nor now\n"));
  const std::string text = TextOf(config.path());
  for (const char* line : {"listening", "cannot start", "nor now", "later trouble"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Log, TellsInTheKernelsWordsWhyAFileCannotBeOpened) {
  const std::string path = PathOf("folder.log");
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  Log log;
  EXPECT_EQ(log.Configure(ConfigFor(path, config::v1::Log::INFO)).message(),
            "open " + path + ": Is a directory");
}

TEST(Log, EscapesWhatIsNoText) {
  const std::string path = PathOf("escaped.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kError, "a\x1b[2J\xff\rz");
  EXPECT_THAT(TextOf(path), HasSubstr("error   a\\x1b[2J\\xff\\x0dz\n"));
}

TEST(Log, MayBeAFifoThatNobodyReadsYet) {
  const std::string path = PathOf("fifo.log");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kInfo, "kept for the reader");
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  char text[256] = {};
  EXPECT_GT(::read(reader, text, sizeof(text) - 1), 0);
  ::close(reader);
  EXPECT_THAT(text, HasSubstr("kept for the reader\n"));
}

TEST(Log, TellsOnStandardErrorOnceAMinuteThatItsFileHasNoSpace) {
  ::testing::internal::CaptureStderr();
  {
    Log log;
    ASSERT_TRUE(log.Configure(ConfigFor("/dev/full", config::v1::Log::INFO)).ok());
    log.Write(Severity::kInfo, "lost");
    const std::chrono::steady_clock::time_point start{};
    for (const int seconds : {0, 1, 59, 60}) log.Flush(start + std::chrono::seconds(seconds));
  }
  const std::string line = "[^\n]* warning the log: write /dev/full: No space left on device\n";
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), MatchesRegex(line + line));
}

TEST(Log, WaitsForNobodyWhateverThreadWrites) {
  const std::string path = PathOf("full.fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&log] {
      for (int line = 0; line < 2000; ++line) log.Write(Severity::kInfo, std::string(200, 'x'));
    });
  }
  for (std::thread& writer : writers) writer.join();
  // The pipe holds 64 KiB, the log as much.
  EXPECT_GT(log::LostLines(), 3000u);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const std::string path = PathOf("level.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::WARN)).ok());
  log.Write(Severity::kInfo, "unimportant");
  log.Write(Severity::kWarning, "important");
  EXPECT_THAT(TextOf(path), Not(HasSubstr("unimportant")));
  EXPECT_THAT(TextOf(path), HasSubstr("important"));
}

TEST(Log, GoesOnInANewFileAfterReopen) {
  const std::string path = PathOf("reopen.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  log.Write(Severity::kInfo, "before");
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE(log.Reopen().ok());
  log.Write(Severity::kInfo, "after");
  EXPECT_THAT(TextOf(path + ".1"), HasSubstr("before"));
  EXPECT_THAT(TextOf(path), HasSubstr("after"));
  EXPECT_THAT(TextOf(path), Not(HasSubstr("before")));
}

TEST(Log, KeepsTheOldFileWhenTheNewOneCannotBeOpened) {
  const std::string path = PathOf("kept.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_THAT(std::string(log.Reopen().message()), HasSubstr(path));
  log.Write(Severity::kInfo, "not lost");
  EXPECT_THAT(TextOf(path + ".1"), HasSubstr("not lost"));
}

}  // namespace
}  // namespace muster::master
