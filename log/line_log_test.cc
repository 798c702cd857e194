#include "muster/log/line_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::log {
namespace {

using config::v1::Log;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class LineLogTest : public testing::Test {
 protected:
  LineLogTest() {
    std::string pattern = testing::TempDir() + "/line_log.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/log";
  }
  ~LineLogTest() override { std::filesystem::remove_all(folder_); }

  std::string Text() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string folder_;
  std::string path_;
};

TEST_F(LineLogTest, WritesTimeLevelWriterAndText) {
  LineLog log(*Target::Open(path_), "worker 3: ");
  log.Write(Log::WARN, "the text");
  EXPECT_THAT(Text(), MatchesRegex("....-..-.. ..:..:..\\.... warning worker 3: the text\n"));
}

TEST_F(LineLogTest, WritesOneLineWhateverIsInTheText) {
  LineLog log(*Target::Open(path_), "");
  log.Write(Log::INFO, "one\n2026-01-01 00:00:00.000 error   two\xff");
  EXPECT_THAT(Text(), MatchesRegex("[^\n]* info    one\\\\x0a2026-[^\n]* two\\\\xff\n"));
}

TEST_F(LineLogTest, CutsALineSoThatAPipeTakesItAsAWhole) {
  LineLog log(*Target::Open(path_), "");
  log.Write(Log::INFO, std::string(100'000, '\n'));
  EXPECT_EQ(Text().size(), LineLog::kMostLineBytes);
  EXPECT_EQ(Text().substr(LineLog::kMostLineBytes - 4), "...\n");
}

TEST_F(LineLogTest, TellsHowManyLinesWereLostWhereTheyWereLost) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  LineLog log(*Target::Open(path_), "");
  const std::string filler(1000, 'x');
  while (log.sink().lost_lines() < 5) log.Write(Log::INFO, filler);
  const ipc::UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_NONBLOCK));
  std::string text;
  char buffer[65536];
  for (int i = 0; i < 3; ++i) {
    log.Flush();
    const ssize_t size = ::read(reader.get(), buffer, sizeof(buffer));
    if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
  }
  log.Write(Log::INFO, "after");
  const ssize_t size = ::read(reader.get(), buffer, sizeof(buffer));
  if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
  EXPECT_THAT(text.substr(text.size() - 150),
              HasSubstr("warning 5 lines were lost, the log could not take them\n"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)*could not take them\n[^\n]* info    after\n"));
}

}  // namespace
}  // namespace muster::log
