#include "muster/log/inherited.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::log {
namespace {

TEST(InheritedDescriptor, IsMeantByTheNamesOfTheStandardStreams) {
  EXPECT_EQ(InheritedDescriptor("/dev/stdout"), 1);
  EXPECT_EQ(InheritedDescriptor("/dev/stderr"), 2);
  EXPECT_EQ(InheritedDescriptor("/dev/fd/1"), 1);
  EXPECT_EQ(InheritedDescriptor("/proc/self/fd/2"), 2);
  EXPECT_EQ(InheritedDescriptor("/dev/../dev//stderr"), 2);
}

TEST(InheritedDescriptor, IsMeantByALinkToThem) {
  std::string folder = testing::TempDir() + "/inherited.XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string first = folder + "/first";
  const std::string second = folder + "/second";
  std::filesystem::create_symlink("/dev/stdout", first);
  std::filesystem::create_symlink("first", second);
  EXPECT_EQ(InheritedDescriptor(second), 1);
  std::filesystem::create_symlink("circle", folder + "/circle");
  EXPECT_EQ(InheritedDescriptor(folder + "/circle"), std::nullopt);
}

TEST(InheritedDescriptor, IsNotMeantByOtherPaths) {
  for (const char* path : {"/dev/null", "/dev/fd/0", "/dev/fd/7", "/dev/fd/1x", "/tmp/log", ""}) {
    EXPECT_EQ(InheritedDescriptor(path), std::nullopt) << path;
  }
}

TEST(ReplaceStandardError, KeepsTheInheritedOne) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const ipc::UniqueFd read(ends[0]);
  const ipc::UniqueFd write(ends[1]);
  EXPECT_EQ(WhereInherited(2), 2);
  ASSERT_TRUE(ReplaceStandardError(write.get()).ok());
  ASSERT_TRUE(ReplaceStandardError(write.get()).ok());
  EXPECT_EQ(::write(2, "x", 1), 1);
  const int kept = WhereInherited(2);
  EXPECT_GT(kept, 2);
  ::dup2(kept, 2);
  char byte = 0;
  EXPECT_EQ(::read(read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_EQ(WhereInherited(1), 1);
}

}  // namespace
}  // namespace muster::log
