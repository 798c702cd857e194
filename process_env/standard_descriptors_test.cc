#include "muster/process_env/standard_descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

bool IsNull(int fd) {
  struct stat file = {};
  struct stat null = {};
  return ::fstat(fd, &file) == 0 && ::stat("/dev/null", &null) == 0 && file.st_rdev == null.st_rdev;
}

// Bit N of `closed`: descriptor N is closed. In a child, so that the test keeps its own.
int RunWith(unsigned closed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open("/", O_RDONLY);
    for (int fd = 0; fd <= 3; ++fd) ::dup2(file, fd);
    ::close(3);
    if (file > 3) ::close(file);
    for (int fd = 0; fd <= 2; ++fd) {
      if ((closed >> fd & 1) != 0) ::close(fd);
    }
    if (!OpenStandardDescriptors().ok()) ::_exit(1);
    for (int fd = 0; fd <= 2; ++fd) {
      if (IsNull(fd) != ((closed >> fd & 1) != 0)) ::_exit(2 + fd);
    }
    // A worker's channel would be the next.
    ::_exit(::fcntl(3, F_GETFD) >= 0 ? 5 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(StandardDescriptors, AreOpenedWhereTheyAreClosedAndNowhereElse) {
  for (unsigned closed = 0; closed < 8; ++closed) EXPECT_EQ(RunWith(closed), 0) << closed;
}

TEST(StandardDescriptors, LeadToNothingOnceTheyAreClosed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_good = CloseStandardDescriptors().ok() && IsNull(0) && IsNull(1) && IsNull(2) &&
                         ::fcntl(1, F_GETFD) == 0;
    ::_exit(is_good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace muster::process_env
