#include "muster/host/path.h"

#include "gtest/gtest.h"

namespace muster::host {
namespace {

TEST(Path, IsJoinedIfItIsRelative) {
  EXPECT_EQ(JoinPath("/srv/site", "run/a.sock"), "/srv/site/run/a.sock");
  EXPECT_EQ(JoinPath("/srv/site", "./run//a.sock"), "/srv/site/run/a.sock");
  EXPECT_EQ(JoinPath("/", "a"), "/a");
  EXPECT_EQ(JoinPath("/srv", "."), "/srv");
}

TEST(Path, StaysIfItIsAbsolute) { EXPECT_EQ(JoinPath("/srv", "/var//log/"), "/var/log"); }

TEST(Path, KeepsDoubleDotsForTheKernel) {
  EXPECT_EQ(JoinPath("/srv/site", "../logs"), "/srv/site/../logs");
}

TEST(Path, HasAFolder) {
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("a"), ".");
}

}  // namespace
}  // namespace muster::host
