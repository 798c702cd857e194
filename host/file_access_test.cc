#include "muster/host/file_access.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "muster/master/process/answer_of_child.h"

namespace muster::host {
namespace {

namespace fs = std::filesystem;

// A folder of its own with a file in it.
class FileAccessTest : public testing::Test {
 protected:
  FileAccessTest() {
    char name[] = "/tmp/muster-access.XXXXXX";
    folder_ = ::mkdtemp(name);
    std::ofstream(At("file")) << "x";
  }
  ~FileAccessTest() override { fs::remove_all(folder_); }

  std::string At(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

// What `ask` returns in a child for which `folder` is on a read-only file system. Nothing if the
// kernel does not let this process make one.
std::string WhileReadOnly(const std::string& folder, const std::function<std::string()>& ask) {
  return master::AnswerOfChild([&]() -> std::string {
    const char* path = folder.c_str();
    const bool is_done =
        (::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount(path, path, nullptr, MS_BIND, nullptr) == 0 &&
        ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
    return is_done ? ask() : "";
  });
}

TEST_F(FileAccessTest, MayBeInFoldersThatLack) {
  EXPECT_EQ(WhyNotCreatable(At("new/folder/a")), "");
  EXPECT_EQ(WhyNotWritable(At("new/folder/a")), "");
  EXPECT_EQ(WhyNotWritable(At("file")), "");
  EXPECT_FALSE(fs::exists(At("new")));
}

TEST_F(FileAccessTest, IsNotToAFolder) {
  EXPECT_EQ(WhyNotCreatable(folder_), folder_ + ": Is a directory; write the path of a file");
  EXPECT_EQ(WhyNotWritable(folder_), folder_ + ": Is a directory; write the path of a file");
}

TEST_F(FileAccessTest, IsNotBelowAFile) {
  const std::string why = At("file/a/b") + " cannot be made: " + At("file/a") + ": Not a directory";
  EXPECT_EQ(WhyNotCreatable(At("file/a/b")), why);
  EXPECT_EQ(WhyNotWritable(At("file/a/b")), why);
}

TEST_F(FileAccessTest, KeepsTheKernelsReason) {
  const std::string reason = WhileReadOnly(folder_, [this] { return WhyNotCreatable(At("a/b")); });
  if (reason.empty()) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(reason, At("a/b") + " cannot be made: " + folder_ + ": Read-only file system");
  EXPECT_EQ(WhileReadOnly(folder_, [this] { return WhyNotWritable(At("file")); }),
            At("file") + " cannot be written: Read-only file system");
}

TEST_F(FileAccessTest, IsNotToANameThatIsTooLong) {
  const std::string longest = At(std::string(255, 'x'));
  EXPECT_EQ(WhyNotCreatable(longest), "");
  EXPECT_EQ(WhyNotCreatable(longest + "x"), longest + "x cannot be made: File name too long");
  EXPECT_EQ(WhyNotWritable(longest + "x"), longest + "x cannot be written: File name too long");
  EXPECT_EQ(WhyNotCreatable(longest + "x/a"), longest + "x/a cannot be made: File name too long");
}

TEST_F(FileAccessTest, IsNotThroughALoopOfLinks) {
  fs::create_symlink("loop", At("loop"));
  EXPECT_EQ(WhyNotWritable(At("loop")),
            At("loop") + " cannot be written: Too many levels of symbolic links");
  EXPECT_EQ(WhyNotCreatable(At("loop/a")), At("loop/a") + " cannot be made: " + At("loop") +
                                               ": Too many levels of symbolic links");
}

TEST_F(FileAccessTest, FollowsALinkToWhatIsStillToBeMade) {
  fs::create_symlink("later", At("link"));
  EXPECT_EQ(WhyNotWritable(At("link")), "");
  fs::create_symlink("none/later", At("astray"));
  EXPECT_EQ(WhyNotWritable(At("astray")), At("astray") + " is a symbolic link to " +
                                              At("none/later") + ", whose folder does not exist");
  EXPECT_EQ(WhyNotCreatable(At("astray/a")), At("astray/a") + " cannot be made: " + At("astray") +
                                                 " is a symbolic link to what does not exist");
}

TEST_F(FileAccessTest, IsNotToASocket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, At("s").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);
  EXPECT_EQ(WhyNotWritable(At("s")), At("s") + " is a socket, not a file");
}

TEST_F(FileAccessTest, OfALogMayBeWhatWasInheritedEvenASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const int before = ::dup(STDOUT_FILENO);
  ::dup2(ends[1], STDOUT_FILENO);
  const std::string why = WhyNotLoggable("/dev/stdout");
  ::close(STDOUT_FILENO);
  const std::string why_closed = WhyNotLoggable("/dev/stdout");
  ::dup2(before, STDOUT_FILENO);
  EXPECT_EQ(why, "");
  EXPECT_EQ(why_closed, "/dev/stdout cannot be written: Bad file descriptor");
}

TEST_F(FileAccessTest, RunsRegularFilesAlone) {
  EXPECT_EQ(WhyNotRunnable(At("none")), "No such file or directory");
  EXPECT_EQ(WhyNotRunnable(folder_), "Is a directory");
  EXPECT_EQ(WhyNotRunnable(At("file")), "Permission denied");
  EXPECT_EQ(WhyNotRunnable("/dev/null"), "it is not a regular file");
  fs::permissions(At("file"), fs::perms::owner_all);
  EXPECT_EQ(WhyNotRunnable(At("file")), "");
}

TEST_F(FileAccessTest, KnowsAFolder) {
  EXPECT_EQ(WhyNotFolder(folder_), "");
  EXPECT_EQ(WhyNotFolder(At("none")), "is no folder: No such file or directory");
  EXPECT_EQ(WhyNotFolder(At("file")), "is no folder: Not a directory");
}

}  // namespace
}  // namespace muster::host
