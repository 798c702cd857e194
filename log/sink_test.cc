#include "muster/log/sink.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/log/lost_lines.h"

namespace muster::log {
namespace {

using ::testing::HasSubstr;

class SinkTest : public testing::Test {
 protected:
  SinkTest() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    std::string pattern = testing::TempDir() + "/sink.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SinkTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Fifo() const {
    if (::mkfifo(Path("fifo").c_str(), 0600) != 0) ADD_FAILURE();
    return Path("fifo");
  }
  static Target Open(const std::string& path) { return *Target::Open(path); }
  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // What is in the FIFO now.
  static std::string Drain(const std::string& path) {
    const ipc::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    std::string text;
    char buffer[4096];
    ssize_t size;
    while ((size = ::read(fd.get(), buffer, sizeof(buffer))) > 0) {
      text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
  }

  std::string folder_;
};

// The size to which files of this process may grow, until destruction.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

TEST_F(SinkTest, WritesEachLineAtOnceOrWhenEnoughHaveComeTogether) {
  Sink at_once(Open(Path("a")), {.gather_bytes = 0});
  EXPECT_TRUE(at_once.Write("one\n"));
  EXPECT_EQ(ReadFile(Path("a")), "one\n");
  Sink gathering(Open(Path("b")), {.gather_bytes = 10});
  EXPECT_FALSE(gathering.Write("12345\n"));
  EXPECT_EQ(ReadFile(Path("b")), "");
  EXPECT_TRUE(gathering.Write("12345\n"));
  EXPECT_EQ(ReadFile(Path("b")), "12345\n12345\n");
}

TEST_F(SinkTest, WritesTheRestAtItsEnd) {
  { Sink(Open(Path("a")), {.gather_bytes = 100}).Write("one\n"); }
  EXPECT_EQ(ReadFile(Path("a")), "one\n");
}

TEST_F(SinkTest, KeepsWhatAFullFifoDoesNotTakeAndCountsWhatIsBeyond) {
  const std::string fifo = Fifo();
  const std::uint64_t lost_before = LostLines();
  Sink sink(Open(fifo), {.gather_bytes = 0, .most_bytes = 8192});
  constexpr int kLines = 200;
  const std::string filler(1000, 'x');
  for (int i = 0; i < kLines; ++i) sink.Write(absl::StrCat(i, " ", filler, "\n"));
  EXPECT_FALSE(sink.trouble().ok());
  EXPECT_LE(sink.pending_bytes(), 8192u);
  const std::uint64_t lost = sink.lost_lines();
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(LostLines() - lost_before, lost);

  std::string text = Drain(fifo);
  EXPECT_TRUE(sink.Flush());
  EXPECT_TRUE(sink.trouble().ok());
  text += Drain(fifo);
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();
  ASSERT_EQ(lines.size(), kLines - lost);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i], absl::StrCat(i, " ", filler)) << "the first ones are kept";
  }
  sink.Write("later\n");
  EXPECT_EQ(Drain(fifo), "later\n");
}

TEST_F(SinkTest, CountsAsLostWhatIsLeftAtItsEnd) {
  const std::string fifo = Fifo();
  std::uint64_t before = 0;
  {
    Sink sink(Open(fifo), {.gather_bytes = 0});
    while (sink.pending_bytes() == 0) sink.Write("a line\n");
    sink.Write("a line\n");
    before = LostLines();
  }
  EXPECT_EQ(LostLines() - before, 2u);
}

TEST_F(SinkTest, DoesNotMixTheLinesOfSeveralInAFifo) {
  const std::string fifo = Fifo();
  std::string text;
  const ipc::UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
  // Until all have written: without a writer the reader is at the end.
  ipc::UniqueFd writer_too(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK));
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c'}) {
    writers.emplace_back([&fifo, letter] {
      Sink sink(Open(fifo), {.gather_bytes = 20'000, .most_bytes = 1 << 20});
      for (std::size_t i = 0; i < 1000; ++i) {
        sink.Write(std::string(100 + i % 700, letter) + "\n");
      }
      while (!sink.Flush()) std::this_thread::yield();
    });
  }
  std::thread read([&] {
    char buffer[65536];
    while (true) {
      const ssize_t size = ::read(reader.get(), buffer, sizeof(buffer));
      if (size == 0) break;  // all have closed it
      if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
      std::this_thread::yield();
    }
  });
  for (std::thread& writer : writers) writer.join();
  writer_too.reset();
  read.join();
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) continue;
    ++lines;
    ASSERT_EQ(line.find_first_not_of(line[0]), line.npos) << line;
  }
  EXPECT_EQ(lines, 3000);
}

TEST_F(SinkTest, CutsALineThatAPipeWouldNotTakeAsAWhole) {
  const std::string fifo = Fifo();
  Sink sink(Open(fifo), {.gather_bytes = 100'000, .most_bytes = 200'000});
  sink.Write("short\n");
  sink.Write(std::string(5000, 'x') + "\n");
  sink.Write("last\n");
  EXPECT_TRUE(sink.Flush());
  EXPECT_EQ(Drain(fifo), absl::StrCat("short\n", std::string(4092, 'x'), "...\nlast\n"));
}

TEST_F(SinkTest, WritesALongLineToAFileAsItIs) {
  Sink sink(Open(Path("log")), {.gather_bytes = 0, .most_bytes = 8192});
  const std::string line = std::string(100'000, 'x') + "\n";
  sink.Write(line);
  EXPECT_EQ(ReadFile(Path("log")), line);
  EXPECT_EQ(sink.lost_lines(), 0u);
}

TEST_F(SinkTest, LeavesNoHalfLineInAFileThatMayNotGrow) {
  Sink sink(Open(Path("log")), {.gather_bytes = 0, .most_bytes = 20});
  {
    const FileLimit limit(10);
    sink.Write("first\n");
    sink.Write("second\n");
    EXPECT_EQ(ReadFile(Path("log")), "first\n");
    EXPECT_THAT(std::string(sink.trouble().message()), HasSubstr("File too large"));
    sink.Write("third\n");
    sink.Write("the fourth is lost\n");
    EXPECT_EQ(ReadFile(Path("log")), "first\n");
  }
  EXPECT_TRUE(sink.Flush());
  EXPECT_EQ(ReadFile(Path("log")), "first\nsecond\nthird\n");
  EXPECT_EQ(sink.lost_lines(), 1u);
}

TEST_F(SinkTest, WritesALineAsAWholeAfterWhatAnotherHasWrittenMeanwhile) {
  Sink sink(Open(Path("log")), {.gather_bytes = 0});
  {
    const FileLimit limit(4);
    sink.Write("first\n");
  }
  EXPECT_EQ(ReadFile(Path("log")), "");
  std::ofstream(Path("log"), std::ios::app) << "other\n";
  EXPECT_TRUE(sink.Flush());
  EXPECT_EQ(ReadFile(Path("log")), "other\nfirst\n");
}

TEST_F(SinkTest, TriesLessOftenWhileItsTargetTakesNothing) {
  Sink sink(Open("/dev/full"), {.gather_bytes = 10'000, .most_bytes = 50'000});
  const std::string line(99, 'x');
  int tries = 0;
  for (int i = 0; i < 1000; ++i) tries += sink.Write(line + "\n") ? 1 : 0;
  EXPECT_EQ(tries, 1 + (100'000 - 10'000) / 4096);
  EXPECT_EQ(sink.lost_lines(), 500u);
}

TEST_F(SinkTest, GoesOnWithAnotherTargetThatGetsWhatTheOldOneDidNotTake) {
  Sink sink(Open("/dev/full"), {.gather_bytes = 0});
  sink.Write("kept\n");
  sink.Replace(Open(Path("log")));
  sink.Write("new\n");
  EXPECT_EQ(ReadFile(Path("log")), "kept\nnew\n");
}

TEST_F(SinkTest, GoesOnWithTheRestOfALineThatAnotherHasBegun) {
  {
    Sink sink(Open(Path("log")), {});
    sink.Write("on");
  }
  const std::uint64_t lost = LostLines();
  Sink sink(Open(Path("log")), {});
  sink.Resume({.lines = "one\ntwo\n", .begun = 2, .lost_lines = 5});
  EXPECT_EQ(ReadFile(Path("log")), "one\ntwo\n");
  EXPECT_EQ(sink.lost_lines(), 5u);
  EXPECT_EQ(LostLines(), lost) << "they were counted before";
}

TEST_F(SinkTest, LeavesWhatItsTargetDoesNotTake) {
  const std::string path = Fifo();
  Sink sink(Open(path), {});
  const std::string line = std::string(4000, 'x') + "\n";
  while (sink.Write(line) && sink.pending_bytes() == 0) {
  }
  const Sink::Left left = sink.left();
  EXPECT_EQ(left.lines, line);
  EXPECT_EQ(left.begun, 0u);
  Drain(path);
  Sink next(Open(path), {});
  next.Resume(left);
  EXPECT_EQ(Drain(path), line);
}

}  // namespace
}  // namespace muster::log
