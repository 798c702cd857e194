#include "muster/ctl/master/small_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

const std::string kPath = ::testing::TempDir() + "/small_file";

TEST(SmallFile, IsRead) {
  std::ofstream(kPath) << "text";
  EXPECT_EQ(*ReadSmallFile(kPath), "text");
}

TEST(SmallFile, IsNotThere) {
  EXPECT_TRUE(absl::IsNotFound(ReadSmallFile(kPath + ".no").status()));
}

TEST(SmallFile, IsNoPipeDeviceOrFolder) {
  const std::string pipe = kPath + ".pipe";
  ::unlink(pipe.c_str());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(ReadSmallFile(pipe).status().message(), pipe + " is not a file");
  EXPECT_EQ(ReadSmallFile("/dev/zero").status().message(), "/dev/zero is not a file");
  EXPECT_EQ(ReadSmallFile("/tmp").status().message(), "/tmp is not a file");
}

TEST(SmallFile, IsNotLarge) {
  std::ofstream(kPath) << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(ReadSmallFile(kPath).status().message(), kPath + " has more than 1048576 bytes");
}

}  // namespace
}  // namespace muster::ctl
