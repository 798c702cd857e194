#include "muster/master/keep/descriptor_inheritance.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

// As it is after an exec: exec leaves it open.
int OpenPassed() { return ::open("/dev/null", O_RDWR); }

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
bool IsClosedByExec(int fd) { return ::fcntl(fd, F_GETFD) == FD_CLOEXEC; }

TEST(DescriptorInheritance, KeepsTheNumbersWhateverBecomesOfWhatWasRestored) {
  const ipc::UniqueFd passed(OpenPassed());
  DescriptorInheritance inheritance({passed.get()});
  absl::StatusOr<ipc::UniqueFd> adopted = inheritance.Adopt(passed.get(), "log.fd");
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_NE(adopted->get(), passed.get());
  EXPECT_TRUE(IsClosedByExec(adopted->get()));
  adopted->reset();
  EXPECT_TRUE(IsOpen(passed.get()));
  EXPECT_FALSE(IsClosedByExec(passed.get()));
}

TEST(DescriptorInheritance, LeavesThemOpenIfItIsNotSettled) {
  const ipc::UniqueFd passed(OpenPassed());
  { const DescriptorInheritance inheritance({passed.get()}); }
  EXPECT_TRUE(IsOpen(passed.get()));
}

TEST(DescriptorInheritance, ClosesThemWhenItIsSettledButNotWhatWasBorrowed) {
  const int wanted = OpenPassed();
  const int unwanted = OpenPassed();
  const ipc::UniqueFd borrowed(OpenPassed());
  DescriptorInheritance inheritance({wanted, unwanted, borrowed.get()});
  const absl::StatusOr<ipc::UniqueFd> adopted = inheritance.Adopt(wanted, "log.fd");
  const absl::StatusOr<int> lock = inheritance.Borrow(borrowed.get(), "pid_file.lock");
  ASSERT_TRUE(adopted.ok() && lock.ok()) << adopted.status() << lock.status();
  EXPECT_EQ(*lock, borrowed.get());
  inheritance.Settle();
  EXPECT_FALSE(IsOpen(wanted));
  EXPECT_FALSE(IsOpen(unwanted));
  EXPECT_TRUE(IsOpen(adopted->get()));
  EXPECT_TRUE(IsClosedByExec(borrowed.get()));
}

TEST(DescriptorInheritance, RefusesWhatTwoFieldsHave) {
  const ipc::UniqueFd passed(OpenPassed());
  DescriptorInheritance inheritance({passed.get()});
  const absl::StatusOr<ipc::UniqueFd> first = inheritance.Adopt(passed.get(), "workers[0].channel");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(inheritance.Adopt(passed.get(), "workers[1].channel").status().message(),
            absl::StrCat("workers[1].channel: descriptor ", passed.get(),
                         " is that of workers[0].channel"));
}

TEST(DescriptorInheritance, RefusesWhatWasNotPassedOn) {
  const ipc::UniqueFd other(OpenPassed());
  DescriptorInheritance inheritance({});
  const absl::Status status = inheritance.Adopt(other.get(), "log.fd").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(),
            absl::StrCat("log.fd: descriptor ", other.get(), " was not passed on"));
}

TEST(DescriptorInheritance, RefusesWhatIsNotOpen) {
  ipc::UniqueFd passed(OpenPassed());
  const int number = passed.get();
  passed.reset();
  DescriptorInheritance inheritance({number});
  EXPECT_EQ(inheritance.Borrow(number, "pid_file.lock").status().message(),
            absl::StrCat("pid_file.lock: descriptor ", number, " is not open"));
}

}  // namespace
}  // namespace muster::master
