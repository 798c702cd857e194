#include "muster/ipc/base/named_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {
namespace {

constexpr uid_t kStranger = 4711;

class NamedFileTest : public ::testing::Test {
 protected:
  NamedFileTest() : folder_(absl::StrCat(std::getenv("TEST_TMPDIR"), "/named.XXXXXX")) {
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~NamedFileTest() override {
    ::unlink(Path("link").c_str());
    ::unlink(Path("file").c_str());
    ::rmdir(folder_.c_str());
  }

  std::string Path(const char* name) const { return absl::StrCat(folder_, "/", name); }
  std::string MakeFile(mode_t mode) const {
    const UniqueFd fd(::open(Path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(::fchmod(fd.get(), mode), 0);
    return Path("file");
  }
  static absl::Status Open(const std::string& path, int flags = O_RDWR,
                           const TrustedOwner& trusted = {}) {
    return OpenNamedFile(path, flags, S_IFREG, trusted).status();
  }

 private:
  std::string folder_;
};

TEST_F(NamedFileTest, OpensWhatIsOurs) { EXPECT_TRUE(Open(MakeFile(0600)).ok()); }

TEST_F(NamedFileTest, CreatesAFileForItsUserOnly) {
  ASSERT_TRUE(Open(Path("file"), O_RDWR | O_CREAT).ok());
  struct stat file;
  ASSERT_EQ(::stat(Path("file").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 077, 0u);
}

TEST_F(NamedFileTest, FollowsNoLink) {
  for (const std::string& target : {MakeFile(0600), Path("nowhere")}) {
    ASSERT_EQ(::symlink(target.c_str(), Path("link").c_str()), 0);
    for (const int flags : {O_RDWR, O_RDWR | O_CREAT, O_RDONLY}) {
      EXPECT_EQ(Open(Path("link"), flags),
                absl::InvalidArgumentError(
                    absl::StrCat("open ", Path("link"),
                                 ", which must not be a symbolic link: Too many levels of symbolic "
                                 "links")));
    }
    ASSERT_EQ(::unlink(Path("link").c_str()), 0);
  }
  EXPECT_NE(::access(Path("nowhere").c_str(), F_OK), 0);
}

// Reading and writing, as a FIFO blocks in both.
TEST_F(NamedFileTest, DoesNotWaitForTheOtherEndOfAFifo) {
  ASSERT_EQ(::mkfifo(Path("file").c_str(), 0600), 0);
  const absl::Status expected =
      absl::InvalidArgumentError(absl::StrCat(Path("file"), ": not a regular file"));
  EXPECT_EQ(Open(Path("file"), O_RDONLY), expected);
  EXPECT_EQ(Open(Path("file"), O_RDWR), expected);
  EXPECT_FALSE(Open(Path("file"), O_WRONLY).ok());
}

TEST_F(NamedFileTest, TakesNoOtherKindOfFile) {
  EXPECT_EQ(Open("/dev/null"), absl::InvalidArgumentError("/dev/null: not a regular file"));
  EXPECT_FALSE(Open("/").ok());
  EXPECT_EQ(OpenNamedFile(MakeFile(0600), O_RDONLY, S_IFIFO, {}).status(),
            absl::InvalidArgumentError(absl::StrCat(Path("file"), ": not a FIFO")));
}

TEST_F(NamedFileTest, TakesNoFileThatOthersMayWrite) {
  EXPECT_EQ(Open(MakeFile(0666)).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Open(Path("file"), O_RDWR, {.others_may_write = true}).ok());
}

TEST_F(NamedFileTest, TakesNoFileOfAStranger) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of another user";
  MakeFile(0600);
  if (::chown(Path("file").c_str(), kStranger, -1) != 0) {
    GTEST_SKIP() << "this root, of a user namespace, has no other user";
  }
  const absl::Status status = Open(Path("file"));
  EXPECT_EQ(status, absl::PermissionDeniedError(absl::StrCat(Path("file"), ": belongs to user ",
                                                             kStranger, ", expected 0")));
  EXPECT_TRUE(Open(Path("file"), O_RDWR, {.user = kStranger}).ok());
}

TEST_F(NamedFileTest, NamesWhatIsNotThere) {
  EXPECT_EQ(Open(Path("nowhere")), absl::NotFoundError(absl::StrCat(
                                       "open ", Path("nowhere"), ": No such file or directory")));
}

}  // namespace
}  // namespace muster::ipc
