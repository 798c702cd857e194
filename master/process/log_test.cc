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
#include "muster/ipc/base/unique_fd.h"
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

// That of the process is a file meanwhile.
TEST(Log, LeavesStandardErrorWhenADaemonServes) {
  const std::string errors = PathOf("errors");
  const ipc::UniqueFd saved(::dup(STDERR_FILENO));
  const ipc::UniqueFd file(::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600));
  ASSERT_GE(::dup2(file.get(), STDERR_FILENO), 0);
  Log log(Log::StandardError::kUntilServing);
  ASSERT_GE(::dup2(saved.get(), STDERR_FILENO), 0);

  const config::v1::Log config = ConfigFor(PathOf("daemon.log"), config::v1::Log::INFO);
  ASSERT_TRUE(log.Configure(config, Log::Echo::kYes).ok());
  log.Write(Severity::kError, "before");
  ASSERT_TRUE(log.Configure(config).ok());
  log.Write(Severity::kError, "after");
  ASSERT_TRUE(log.Configure(config, Log::Echo::kYes).ok());
  log.Write(Severity::kError, "once more");

  EXPECT_THAT(TextOf(errors), MatchesRegex("[^\n]* error   before\n"));
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

// What a log has saved, in a log of the next program. That this one has the file open, too, makes
// no difference.
struct Resumed {
  explicit Resumed(const Log& log) : state(log.Save(keep)), inheritance(keep.numbers()) {
    const absl::Status status = next.Restore(state, inheritance);
    EXPECT_TRUE(status.ok()) << status;
  }
  DescriptorKeep keep;
  state::v1::LogState state;
  DescriptorInheritance inheritance;
  Log next;
};

TEST(Log, GoesOnInAnotherProgramWithTheFileThatWasMoved) {
  const std::string path = PathOf("resumed.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::DEBUG)).ok());
  log.Write(Severity::kInfo, "one");
  ASSERT_EQ(std::rename(path.c_str(), PathOf("resumed.old").c_str()), 0);
  Resumed resumed(log);
  EXPECT_EQ(resumed.next.level(), config::v1::Log::DEBUG);
  resumed.next.Begin();
  resumed.next.Write(Severity::kDebug, "two");
  EXPECT_THAT(TextOf(PathOf("resumed.old")), MatchesRegex("[^\n]* one\n[^\n]* two\n"));
  EXPECT_EQ(TextOf(path), "");
  ASSERT_TRUE(resumed.next.Reopen().ok());
  resumed.next.Write(Severity::kInfo, "three");
  EXPECT_THAT(TextOf(path), MatchesRegex("[^\n]* three\n"));
}

TEST(Log, WritesNothingInAnotherProgramBeforeItBegins) {
  const std::string path = PathOf("trial.log");
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  {
    Resumed trial(log);
    trial.next.Write(Severity::kError, "of a trial");
    trial.next.Audit(Severity::kInfo, "of a trial");
    trial.next.Flush(std::chrono::steady_clock::now());
  }
  EXPECT_EQ(TextOf(path), "");
  Resumed resumed(log);
  resumed.next.Write(Severity::kError, "of the next");
  EXPECT_EQ(TextOf(path), "");
  resumed.next.Begin();
  EXPECT_THAT(TextOf(path), MatchesRegex("[^\n]* error   of the next\n"));
}

TEST(Log, WritesInAnotherProgramWhatItsFileHadNoRoomFor) {
  const std::string path = PathOf("resumed.fifo");
  ::unlink(path.c_str());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Log log;
  ASSERT_TRUE(log.Configure(ConfigFor(path, config::v1::Log::INFO)).ok());
  const std::string text(3000, 'x');
  // More than a pipe has room for.
  for (int i = 0; i < 30; ++i) log.Write(Severity::kInfo, text);
  const ipc::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  const auto count_lines = [&] {
    static char bytes[256 << 10];
    int lines = 0;
    for (ssize_t size; (size = ::read(reader.get(), bytes, sizeof(bytes))) > 0;) {
      for (ssize_t i = 0; i < size; ++i) lines += bytes[i] == '\n';
    }
    return lines;
  };
  Resumed resumed(log);
  const int before = count_lines();
  EXPECT_LT(before, 30);
  resumed.next.Begin();
  EXPECT_EQ(before + count_lines(), 30);
}

TEST(Log, RefusesAStateThatNoLogHas) {
  Log log;
  DescriptorInheritance inheritance({});
  const auto restore = [&](const state::v1::LogState& state) {
    return std::string(log.Restore(state, inheritance).message());
  };
  state::v1::LogState state;
  state.set_level(static_cast<config::v1::Log::Level>(99));
  EXPECT_EQ(restore(state), "log.level: is 99, which is no level");
  state.clear_level();
  state.mutable_file()->set_pending("half a line");
  EXPECT_EQ(restore(state), "log.file.pending: does not end with a line end");
  state.mutable_file()->set_pending("a\n");
  state.mutable_file()->set_begun(1);
  EXPECT_EQ(restore(state), "log.file.begun: is not within the first line");
  state.clear_file();
  state.mutable_standard_error()->set_told_lost_lines(1);
  EXPECT_EQ(restore(state), "log.standard_error.told_lost_lines: is more than were lost");
  state.clear_standard_error();
  state.set_fd(2);
  EXPECT_EQ(restore(state), "log.fd: is there without a path");
  state.set_path("/log");
  EXPECT_EQ(restore(state), "log.fd: descriptor 2 was not passed on");
}

}  // namespace
}  // namespace muster::master
