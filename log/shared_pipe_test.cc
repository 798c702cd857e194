#include "muster/log/shared_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "gtest/gtest.h"

namespace muster::log {
namespace {

// A pipe as a shell makes it: its ends block.
class SharedPipeTest : public testing::Test {
 protected:
  SharedPipeTest() : pipe_(*SharedPipe::Create()) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) ADD_FAILURE();
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }

  std::string Read() {
    std::string text(128 * 1024, '\0');
    const ssize_t size = ::read(read_.get(), text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

  ipc::UniqueFd read_;
  ipc::UniqueFd write_;
  SharedPipe pipe_;
};

TEST_F(SharedPipeTest, WritesWhatItIsGiven) {
  EXPECT_EQ(pipe_.Write(write_.get(), "one\n"), 4);
  EXPECT_EQ(pipe_.Write(write_.get(), "two\n"), 4);
  EXPECT_EQ(Read(), "one\ntwo\n");
}

TEST_F(SharedPipeTest, WritesAllOrNothingToAPipeThatIsNearlyFull) {
  const std::string line(3000, 'x');
  std::size_t written = 0;
  ssize_t size;
  while ((size = pipe_.Write(write_.get(), line)) > 0) {
    ASSERT_EQ(size, 3000);
    written += 3000;
  }
  EXPECT_EQ(errno, EAGAIN);
  std::size_t got = 0;
  ASSERT_EQ(::fcntl(read_.get(), F_SETFL, O_NONBLOCK), 0);
  for (std::string text = Read(); !text.empty(); text = Read()) got += text.size();
  EXPECT_EQ(got, written);
  EXPECT_EQ(pipe_.Write(write_.get(), "again"), 5);
  EXPECT_EQ(Read(), "again");
}

TEST_F(SharedPipeTest, LeavesTheDescriptionThatOthersShareAsItIs) {
  const int flags = ::fcntl(write_.get(), F_GETFL);
  pipe_.Write(write_.get(), "x");
  EXPECT_EQ(::fcntl(write_.get(), F_GETFL), flags);
  EXPECT_EQ(flags & O_NONBLOCK, 0);
}

TEST_F(SharedPipeTest, TellsThatNobodyReads) {
  std::signal(SIGPIPE, SIG_IGN);
  read_.reset();
  EXPECT_EQ(pipe_.Write(write_.get(), "x"), -1);
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace muster::log
