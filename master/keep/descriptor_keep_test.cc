#include "muster/master/keep/descriptor_keep.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  ipc::UniqueFd read;
  ipc::UniqueFd write;
};

bool IsClosedByExec(int fd) { return ::fcntl(fd, F_GETFD) == FD_CLOEXEC; }

TEST(DescriptorKeep, PassesWhatWasNotedAndNothingElse) {
  const Pipe pipe;
  DescriptorKeep keep;
  EXPECT_EQ(keep.Add(pipe.read.get()), pipe.read.get());
  ASSERT_TRUE(keep.Pass().ok());
  EXPECT_FALSE(IsClosedByExec(pipe.read.get()));
  EXPECT_TRUE(IsClosedByExec(pipe.write.get()));
  ASSERT_TRUE(keep.Withhold().ok());
  EXPECT_TRUE(IsClosedByExec(pipe.read.get()));
}

TEST(DescriptorKeep, NotesNothingForNoDescriptor) {
  DescriptorKeep keep;
  EXPECT_EQ(keep.Add(-1), -1);
  EXPECT_TRUE(keep.numbers().empty());
}

TEST(DescriptorKeep, PassesNoneIfOneIsNotOpen) {
  Pipe pipe;
  DescriptorKeep keep;
  keep.Add(pipe.read.get());
  const int closed = keep.Add(pipe.write.get());
  pipe.write.reset();
  const absl::Status status = keep.Pass();
  EXPECT_EQ(status.message(), absl::StrCat("descriptor ", closed, ": Bad file descriptor"));
  EXPECT_TRUE(IsClosedByExec(pipe.read.get()));
}

}  // namespace
}  // namespace muster::master
