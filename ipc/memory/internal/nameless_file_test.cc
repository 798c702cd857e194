#include "muster/ipc/memory/internal/nameless_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc::internal {
namespace {

class NamelessFileTest : public ::testing::Test {
 protected:
  NamelessFileTest() : folder_(absl::StrCat(std::getenv("TEST_TMPDIR"), "/nameless.XXXXXX")) {
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~NamelessFileTest() override {
    for (const std::string& name : Names()) ::unlink((folder_ + "/" + name).c_str());
    ::rmdir(folder_.c_str());
  }

  std::string path() const { return folder_ + "/file"; }
  std::string InFolder(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }
  UniqueFd Make(absl::string_view text) {
    UniqueFd fd = *CreateNamelessFile(path());
    if (::write(fd.get(), text.data(), text.size()) < 0) std::abort();
    return fd;
  }
  std::string Contents() const {
    const UniqueFd fd(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
    char text[64];
    const ssize_t size = ::read(fd.get(), text, sizeof text);
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    DIR* folder = ::opendir(folder_.c_str());
    while (const dirent* entry = ::readdir(folder)) names.insert(entry->d_name);
    ::closedir(folder);
    names.erase(".");
    names.erase("..");
    return names;
  }
  // A file of such a name, as one who died between link and rename left it.
  std::string LeaveUnpublished() {
    const std::string left = InFolder(kLeftover);
    EXPECT_TRUE(GiveName(Make("half-way").get(), left).ok());
    return left;
  }

  static constexpr char kLeftover[] = ".muster-unpublished-0123456789abcdef0123456789abcdef";

 private:
  std::string folder_;
};

TEST_F(NamelessFileTest, IsNotInTheFolderBeforeItHasAName) {
  const UniqueFd fd = Make("text");
  EXPECT_TRUE(Names().empty());
}

TEST_F(NamelessFileTest, GetsAName) {
  ASSERT_TRUE(GiveName(Make("text").get(), path()).ok());
  EXPECT_EQ(Contents(), "text");
}

TEST_F(NamelessFileTest, TakesNoNameFromAnother) {
  ASSERT_TRUE(GiveName(Make("first").get(), path()).ok());
  EXPECT_EQ(GiveName(Make("second").get(), path()),
            absl::AlreadyExistsError(absl::StrCat("link ", path(), ": File exists")));
  EXPECT_EQ(Contents(), "first");
}

TEST_F(NamelessFileTest, ReplacesAnotherAndLeavesOneName) {
  ASSERT_TRUE(GiveName(Make("first").get(), path()).ok());
  ASSERT_TRUE(ReplaceName(Make("second").get(), path()).ok());
  EXPECT_EQ(Contents(), "second");
  EXPECT_EQ(Names(), (std::set<std::string>{"file"}));
}

TEST_F(NamelessFileTest, ReplacesNothing) {
  ASSERT_TRUE(ReplaceName(Make("first").get(), path()).ok());
  EXPECT_EQ(Contents(), "first");
}

TEST_F(NamelessFileTest, RemovesWhatOneLeftWhoDiedWhileHeReplaced) {
  LeaveUnpublished();
  ASSERT_TRUE(ReplaceName(Make("next").get(), path()).ok());
  EXPECT_EQ(Contents(), "next");
  EXPECT_EQ(Names(), (std::set<std::string>{"file"}));
}

TEST_F(NamelessFileTest, LeavesOneAloneWhoIsReplacingAndAlive) {
  const UniqueFd rival(::open(LeaveUnpublished().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(rival.get(), LOCK_EX), 0);
  ASSERT_TRUE(ReplaceName(Make("ours").get(), path()).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"file", kLeftover}));
  ASSERT_EQ(std::rename(InFolder(kLeftover).c_str(), path().c_str()), 0);
  EXPECT_EQ(Contents(), "half-way");
}

// Whatever anybody can make in a folder such as /dev/shm, and lock.
TEST_F(NamelessFileTest, WaitsForNothingThatOthersPutInItsWay) {
  const std::string before = path() + ".unpublished";
  const UniqueFd locked(::open(before.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666));
  ASSERT_EQ(::flock(locked.get(), LOCK_EX), 0);
  const std::string prefix = InFolder(kUnpublishedPrefix);
  ASSERT_EQ(::mkfifo((prefix + "fifo").c_str(), 0666), 0);
  ASSERT_EQ(::symlink("/dev/zero", (prefix + "link").c_str()), 0);
  ASSERT_EQ(::mkdir((prefix + "folder").c_str(), 0777), 0);
  const UniqueFd file = Make("whole");
  // As one does to whom the memory was passed.
  const UniqueFd passed(
      ::open(absl::StrCat("/proc/self/fd/", file.get()).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(passed.get(), LOCK_EX), 0);
  ASSERT_TRUE(ReplaceName(file.get(), path()).ok());
  EXPECT_EQ(Contents(), "whole");
  EXPECT_EQ(Names().size(), 5u);
  ::rmdir((prefix + "folder").c_str());
}

TEST_F(NamelessFileTest, LeavesAloneWhatBelongsToAStranger) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of another user";
  if (::chown(LeaveUnpublished().c_str(), 4711, -1) != 0) {
    GTEST_SKIP() << "this root, of a user namespace, has no other user";
  }
  ASSERT_TRUE(ReplaceName(Make("ours").get(), path()).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"file", kLeftover}));
}

TEST_F(NamelessFileTest, ReplacesALinkAndNotItsTarget) {
  ASSERT_TRUE(GiveName(Make("target").get(), InFolder("target")).ok());
  ASSERT_EQ(::symlink("target", path().c_str()), 0);
  ASSERT_TRUE(ReplaceName(Make("ours").get(), path()).ok());
  EXPECT_EQ(Contents(), "ours");
  struct stat target;
  ASSERT_EQ(::lstat(InFolder("target").c_str(), &target), 0);
  EXPECT_EQ(target.st_size, 6);
}

TEST_F(NamelessFileTest, SaysThatItCannotReplaceAFolder) {
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  const absl::Status status = ReplaceName(Make("text").get(), path());
  EXPECT_TRUE(
      absl::StartsWith(status.message(), absl::StrCat("rename ", InFolder(kUnpublishedPrefix))))
      << status;
  EXPECT_TRUE(absl::EndsWith(status.message(), absl::StrCat(" to ", path(), ": Is a directory")))
      << status;
  EXPECT_EQ(Names(), (std::set<std::string>{"file"}));
  ::rmdir(path().c_str());
}

TEST_F(NamelessFileTest, ReplacesFromManyProcessesAtOnce) {
  constexpr int kRounds = 200;
  const auto replace = [&] {
    for (int i = 0; i < kRounds; ++i) {
      if (!ReplaceName(Make("whole").get(), path()).ok() || Contents() != "whole") return 1;
    }
    return 0;
  };
  ForkedChild one(replace);
  ForkedChild two(replace);
  ForkedChild three(replace);
  EXPECT_EQ(one.Join(), 0);
  EXPECT_EQ(two.Join(), 0);
  EXPECT_EQ(three.Join(), 0);
  EXPECT_EQ(Names(), (std::set<std::string>{"file"}));
}

}  // namespace
}  // namespace muster::ipc::internal
