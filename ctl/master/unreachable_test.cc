#include "muster/ctl/master/unreachable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

// What connecting to a path in a folder of its own says.
class UnreachableTest : public ::testing::Test {
 protected:
  UnreachableTest() {
    char name[] = "/tmp/unreachable.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~UnreachableTest() override { std::filesystem::remove_all(folder_); }

  static sockaddr_un AddressOf(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    return address;
  }

  // A socket at which nobody listens.
  ipc::UniqueFd Bind(const std::string& path, int type) {
    ipc::UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    const sockaddr_un address = AddressOf(path);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }
  // Whoever made it is gone.
  void LeaveSocket(const std::string& path) { Bind(path, SOCK_STREAM).reset(); }

  // Connects, which fails, and explains it.
  Unreachable Try(const std::string& path) {
    const ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = AddressOf(path);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              -1);
    return ExplainUnreachable(path, errno);
  }

  std::string folder_;
};

TEST_F(UnreachableTest, HasNoMoreToSayOfWhatIsNotThere) {
  const Unreachable missing = Try(folder_ + "/a.sock");
  EXPECT_EQ(missing.line, "connect unix:" + folder_ + "/a.sock: No such file or directory");
  EXPECT_FALSE(missing.has_advice);
  EXPECT_FALSE(missing.is_perhaps_there);
}

TEST_F(UnreachableTest, KnowsAFolder) {
  EXPECT_THAT(Try(folder_).line,
              StartsWith("unix:" + folder_ + " is a folder; name the socket in it"));
}

TEST_F(UnreachableTest, FindsTheSocketInAFolder) {
  std::filesystem::create_directory(folder_ + "/run");
  LeaveSocket(folder_ + "/run/admin.sock");
  EXPECT_EQ(Try(folder_).line,
            "unix:" + folder_ + " is a folder; did you mean " + folder_ + "/run/admin.sock?");
}

TEST_F(UnreachableTest, KnowsAFile) {
  std::ofstream(folder_ + "/m.textproto") << "x";
  EXPECT_THAT(Try(folder_ + "/m.textproto").line,
              StartsWith("unix:" + folder_ + "/m.textproto is a file, not a socket; "));
}

TEST_F(UnreachableTest, KnowsAFileOnTheWay) {
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_THAT(Try(folder_ + "/file/a.sock").line,
              EndsWith(": Not a directory; " + folder_ + "/file is a file, not a folder"));
}

TEST_F(UnreachableTest, KnowsASocketThatWasLeft) {
  LeaveSocket(folder_ + "/a.sock");
  const Unreachable left = Try(folder_ + "/a.sock");
  EXPECT_THAT(left.line, EndsWith(": Connection refused; a master that was killed has left this "
                                  "socket; start one again"));
  EXPECT_FALSE(left.is_perhaps_there);
}

TEST_F(UnreachableTest, KnowsASocketOfAnotherKind) {
  const ipc::UniqueFd datagrams = Bind(folder_ + "/log.sock", SOCK_DGRAM);
  EXPECT_THAT(Try(folder_ + "/log.sock").line, EndsWith("not a master's"));
}

TEST_F(UnreachableTest, TellsWhoMayConnect) {
  LeaveSocket(folder_ + "/a.sock");
  const Unreachable denied = ExplainUnreachable(folder_ + "/a.sock", EACCES);
  EXPECT_THAT(denied.line, ::testing::HasSubstr(": Permission denied; the socket is for its owner "
                                                "alone; run ctl as "));
  EXPECT_TRUE(denied.is_perhaps_there);
}

TEST_F(UnreachableTest, TellsThatAFolderMayNotBeEntered) {
  EXPECT_THAT(ExplainUnreachable(folder_ + "/closed/a.sock", EACCES).line,
              ::testing::HasSubstr("may not enter a folder on the way"));
}

TEST_F(UnreachableTest, LeavesOtherReasonsToTheKernel) {
  const Unreachable odd = ExplainUnreachable("/a.sock", EIO);
  EXPECT_EQ(odd.line, "connect unix:/a.sock: Input/output error");
  EXPECT_TRUE(odd.is_perhaps_there);
}

}  // namespace
}  // namespace muster::ctl
