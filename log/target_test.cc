#include "muster/log/target.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::log {
namespace {

class TargetTest : public testing::Test {
 protected:
  TargetTest() {
    std::signal(SIGPIPE, SIG_IGN);
    std::string pattern = testing::TempDir() + "/target.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TargetTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // What is in it now.
  static std::string Read(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    std::string text;
    char buffer[4096];
    ssize_t size;
    while ((size = ::read(fd, buffer, sizeof(buffer))) > 0) {
      text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
  }
  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // Writes until nothing more is taken; the errno.
  static int Fill(Target& target) {
    const std::string line(Target::kPieceBytes, 'x');
    while (target.Write(line) > 0) {
    }
    return errno;
  }

  std::string folder_;
};

// In the place of a standard stream for as long as this lives.
class Inherited {
 public:
  Inherited(int fd, int number) : number_(number), before_(::dup(number)) { ::dup2(fd, number); }
  ~Inherited() {
    ::dup2(before_, number_);
    ::close(before_);
  }

 private:
  const int number_;
  const int before_;
};

TEST_F(TargetTest, AppendsToAFileAndMakesIt) {
  const std::string path = Path("log");
  EXPECT_EQ(Target::Open(path)->Write("one\n"), 4);
  EXPECT_EQ(Target::Open(path)->Write("two\n"), 4);
  EXPECT_EQ(ReadFile(path), "one\ntwo\n");
}

TEST_F(TargetTest, TellsInTheKernelsWordsWhatCannotBeOpened) {
  EXPECT_EQ(Target::Open(folder_).status().message(),
            absl::StrCat("open ", folder_, ": Is a directory"));
  EXPECT_EQ(Target::Open(Path("none/log")).status().message(),
            absl::StrCat("open ", Path("none/log"), ": No such file or directory"));
}

TEST_F(TargetTest, KeepsTheLinesOfAFifoForTheNextReader) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  auto target = Target::Open(Path("fifo"));
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->Write("before\n"), 7);
  ipc::UniqueFd reader(::open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_EQ(Read(reader.get()), "before\n");
  reader.reset();
  EXPECT_EQ(target->Write("between\n"), 8);
  reader.reset(::open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_EQ(Read(reader.get()), "between\n");
}

TEST_F(TargetTest, TakesNoMoreThanAFifoHoldsAndGoesOnWhenThereIsRoom) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  auto target = Target::Open(Path("fifo"));
  EXPECT_EQ(Fill(*target), EAGAIN);
  const ipc::UniqueFd reader(::open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_EQ(Read(reader.get()).size() % Target::kPieceBytes, 0u);
  EXPECT_EQ(target->Write("more"), 4);
}

TEST_F(TargetTest, WritesToAnInheritedPipeWithoutChangingIt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ipc::UniqueFd read(ends[0]);
  const ipc::UniqueFd write(ends[1]);
  int error = 0;
  {
    const Inherited inherited(write.get(), 1);
    auto target = Target::Open("/dev/stdout");
    error = target.ok() ? Fill(*target) : 0;
  }
  EXPECT_EQ(error, EAGAIN);
  EXPECT_EQ(::fcntl(write.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_FALSE(Read(read.get()).empty());
}

TEST_F(TargetTest, WritesToAnInheritedTerminalWithoutChangingIt) {
  int master = -1;
  int terminal = -1;
  ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, nullptr), 0);
  const ipc::UniqueFd screen(master);
  const ipc::UniqueFd inherited_fd(terminal);
  int error = 0;
  {
    const Inherited inherited(terminal, 1);
    auto target = Target::Open("/dev/stdout");
    error = target.ok() ? Fill(*target) : 0;
  }
  EXPECT_EQ(error, EAGAIN);
  EXPECT_EQ(::fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_FALSE(Read(master).empty());
}

TEST_F(TargetTest, WritesToAnInheritedSocketWhichCannotBeOpened) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    const ipc::UniqueFd journal(ends[0]);
    const ipc::UniqueFd ours(ends[1]);
    int error = 0;
    {
      const Inherited inherited(ours.get(), 1);
      auto target = Target::Open("/dev/stdout");
      error = target.ok() && target->Write("line\n") == 5 ? Fill(*target) : 0;
    }
    EXPECT_EQ(error, EAGAIN);
    EXPECT_EQ(::fcntl(ours.get(), F_GETFL) & O_NONBLOCK, 0);
    char line[6] = {};
    EXPECT_EQ(::read(journal.get(), line, 5), 5);
    EXPECT_EQ(std::string(line), "line\n");
  }
}

TEST_F(TargetTest, SharesTheOffsetOfAnInheritedFile) {
  const ipc::UniqueFd file(::open(Path("file").c_str(), O_WRONLY | O_CREAT, 0600));
  {
    const Inherited inherited(file.get(), 1);
    auto target = Target::Open("/dev/stdout");
    target->Write("ours\n");
  }
  EXPECT_EQ(::write(file.get(), "theirs\n", 7), 7);
  EXPECT_EQ(ReadFile(Path("file")), "ours\ntheirs\n");
}

TEST_F(TargetTest, TakesBackWhatItHasJustWrittenUnlessAnotherWroteSince) {
  auto target = Target::Open(Path("log"));
  target->Write("whole\nhal");
  EXPECT_TRUE(target->TakeBack(3));
  EXPECT_EQ(ReadFile(Path("log")), "whole\n");
  target->Write("hal");
  std::ofstream(Path("log"), std::ios::app) << "other\n";
  EXPECT_FALSE(target->TakeBack(3));
  EXPECT_EQ(ReadFile(Path("log")), "whole\nhalother\n");
}

TEST_F(TargetTest, TellsThatADeviceHasNoSpace) {
  auto target = Target::Open("/dev/full");
  EXPECT_EQ(target->Write("x"), -1);
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(TargetTest, TellsThatAStreamIsNotOpen) {
  const ipc::UniqueFd before(::dup(1));
  ::close(1);
  const absl::Status status = Target::Open("/dev/stdout").status();
  ::dup2(before.get(), 1);
  EXPECT_EQ(status.message(), "open /dev/stdout: descriptor 1: Bad file descriptor");
}

TEST_F(TargetTest, GoesOnWithAFileThatWasMoved) {
  Target target = *Target::Open(Path("log"));
  ASSERT_EQ(target.Write("one\n"), 4);
  std::filesystem::rename(Path("log"), Path("old"));
  auto adopted = Target::Adopt(*ipc::DuplicateFd(target.own_fd()), Path("log"));
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_TRUE(adopted->is_file());
  ASSERT_EQ(adopted->Write("two\n"), 4);
  std::ifstream file(Path("old"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::exists(Path("log")));
}

TEST_F(TargetTest, GoesOnWithAFifoThatNobodyReads) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  Target target = *Target::Open(Path("fifo"));
  ASSERT_EQ(target.Write("one\n"), 4);
  auto adopted = Target::Adopt(*ipc::DuplicateFd(target.own_fd()), Path("fifo"));
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_FALSE(adopted->is_file());
  ASSERT_EQ(adopted->Write("two\n"), 4);
  const ipc::UniqueFd reader(::open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_EQ(Read(reader.get()), "one\ntwo\n");
}

TEST_F(TargetTest, DoesNotGoOnWithWhatItCouldNotWriteTo) {
  ipc::UniqueFd read_only(::open("/dev/null", O_RDONLY));
  EXPECT_EQ(Target::Adopt(std::move(read_only), "log").status().message(),
            "log: is not open for writing");
  // To write to it would wait.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ipc::UniqueFd read(ends[0]);
  EXPECT_EQ(Target::Adopt(ipc::UniqueFd(ends[1]), "log").status().message(),
            "log: is nothing that a log was opened for");
}

}  // namespace
}  // namespace muster::log
