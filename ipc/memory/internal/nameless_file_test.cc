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
  std::string unpublished() const { return path() + ".unpublished"; }
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
  // A file of this name, as one who died between link and rename left it.
  void LeaveUnpublished() { ASSERT_TRUE(GiveName(Make("half-way").get(), unpublished()).ok()); }

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

TEST_F(NamelessFileTest, WaitsForOneWhoIsReplacingAndAlive) {
  LeaveUnpublished();
  const UniqueFd rival(::open(unpublished().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(rival.get(), LOCK_EX), 0);
  ForkedChild child([&] {
    // The lock would stay with this copy of the descriptor.
    ::close(rival.get());
    return ReplaceName(Make("later").get(), path()).ok() ? 0 : 1;
  });
  AwaitAsleep(child.pid());
  ASSERT_EQ(std::rename(unpublished().c_str(), path().c_str()), 0);
  EXPECT_EQ(Contents(), "half-way");
  ASSERT_EQ(::flock(rival.get(), LOCK_UN), 0);
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(Contents(), "later");
}

TEST_F(NamelessFileTest, SaysThatItCannotReplaceAFolder) {
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  EXPECT_EQ(ReplaceName(Make("text").get(), path()).message(),
            absl::StrCat("rename ", unpublished(), " to ", path(), ": Is a directory"));
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
