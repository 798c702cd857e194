#include "muster/master/process/ready_fd.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::StartsWith;

class ReadyFdTest : public testing::Test {
 protected:
  ReadyFdTest() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    read_ = ipc::UniqueFd(ends[0]);
    write_ = ends[1];
  }
  // Up to the end of the pipe.
  std::string ReadAll() const {
    std::string text;
    char bytes[256];
    for (ssize_t n; (n = ::read(read_.get(), bytes, sizeof(bytes))) > 0;) text.append(bytes, n);
    return text;
  }

  ipc::UniqueFd read_;
  int write_ = -1;  // adopted by each test
};

TEST_F(ReadyFdTest, GetsTheAddressesInOneLineAndIsClosed) {
  auto ready = ReadyFd::Adopt(write_);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_TRUE(ready->Tell({"127.0.0.1:8080", "unix:/run/m.sock"}).ok());
  EXPECT_EQ(ReadAll(), "127.0.0.1:8080 unix:/run/m.sock\n");
}

TEST_F(ReadyFdTest, IsClosedWithoutALineWhenNothingWasTold) {
  {
    auto ready = ReadyFd::Adopt(write_);
    ASSERT_TRUE(ready.ok()) << ready.status();
  }
  EXPECT_EQ(ReadAll(), "");
}

TEST_F(ReadyFdTest, TellsOnce) {
  auto ready = ReadyFd::Adopt(write_);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_TRUE(ready->Tell({"a"}).ok());
  EXPECT_TRUE(ready->Tell({"b"}).ok());
  EXPECT_EQ(ReadAll(), "a\n");
}

TEST_F(ReadyFdTest, IsNotInherited) {
  auto ready = ReadyFd::Adopt(write_);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(::fcntl(write_, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(ReadyFdTest, SaysThatItsReaderIsGone) {
  ::signal(SIGPIPE, SIG_IGN);
  auto ready = ReadyFd::Adopt(write_);
  ASSERT_TRUE(ready.ok()) << ready.status();
  read_.reset();
  EXPECT_EQ(ready->Tell({"a"}).message(), "write to --ready-fd: Broken pipe");
}

TEST_F(ReadyFdTest, DoesNotWaitForAReaderWhoDoesNotRead) {
  const ipc::UniqueFd filler(
      ::open(absl::StrCat("/proc/self/fd/", write_).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string page(4096, 'x');
  while (::write(filler.get(), page.data(), page.size()) > 0) continue;
  auto ready = ReadyFd::Adopt(write_);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(ready->Tell({"a"}).message(), "write to --ready-fd: it is full, and nobody reads it");
}

TEST_F(ReadyFdTest, RefusesADescriptorThatCannotBeWrittenTo) {
  EXPECT_THAT(std::string(ReadyFd::Adopt(read_.get()).status().message()),
              testing::EndsWith(": is not open for writing"));
  EXPECT_EQ(ReadyFd::Adopt(12345).status().message(), "--ready-fd 12345: Bad file descriptor");
  ::close(write_);
}

TEST(ReadyFd, IsNobodysByDefault) { EXPECT_TRUE(ReadyFd().Tell({"a"}).ok()); }

}  // namespace
}  // namespace muster::master
