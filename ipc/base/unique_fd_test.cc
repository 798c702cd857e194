#include "muster/ipc/base/unique_fd.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "gtest/gtest.h"

namespace muster::ipc {
namespace {

UniqueFd OpenNull() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesWhatItOwns) {
  int number = -1;
  {
    UniqueFd fd = OpenNull();
    number = fd.get();
    ASSERT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFd, IsEmptyAfterItWasMoved) {
  UniqueFd source = OpenNull();
  const int number = source.get();
  const UniqueFd target = std::move(source);
  EXPECT_FALSE(source.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(target.get(), number);
}

TEST(UniqueFd, SurvivesAResetToItself) {
  UniqueFd fd = OpenNull();
  fd.reset(fd.get());
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(DuplicateFd, MakesAnotherNumberThatExecCloses) {
  const UniqueFd fd = OpenNull();
  const auto copy = DuplicateFd(fd.get());
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_NE(copy->get(), fd.get());
  EXPECT_EQ(::fcntl(copy->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(DuplicateFd, NamesTheCallAndTheReasonOfAFailure) {
  const auto copy = DuplicateFd(-1);
  EXPECT_EQ(copy.status().message(), "fcntl F_DUPFD_CLOEXEC -1: Bad file descriptor");
}

}  // namespace
}  // namespace muster::ipc
