#include "muster/host/file_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::host {
namespace {

std::string PathOf(const std::string& name) { return ::testing::TempDir() + "/" + name; }

TEST(FileId, IsTheSameByEveryPathAndDescriptor) {
  const std::string folder = PathOf("same");
  std::filesystem::create_directories(folder);
  const ipc::UniqueFd fd(::open((folder + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const auto id = FileId::AtPath(folder + "/file");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id, FileId::AtPath(folder + "/../same/file"));
  EXPECT_EQ(id, FileId::OfDescriptor(fd.get()));
}

TEST(FileId, IsAnotherAfterTheFileWasReplaced) {
  const std::string path = PathOf("replaced");
  const ipc::UniqueFd fd(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  std::ofstream(path + ".new") << "x";
  std::filesystem::rename(path + ".new", path);
  EXPECT_FALSE(FileId::AtPath(path) == FileId::OfDescriptor(fd.get()));
}

TEST(FileId, IsALinksOwn) {
  const std::string path = PathOf("target");
  std::ofstream(path) << "x";
  ::unlink(PathOf("link").c_str());
  std::filesystem::create_symlink(path, PathOf("link"));
  EXPECT_FALSE(FileId::AtPath(path) == FileId::AtPath(PathOf("link")));
}

TEST(FileId, IsNothingWhereNothingIs) {
  EXPECT_FALSE(FileId::AtPath("/nowhere/file").has_value());
  EXPECT_FALSE(FileId::OfDescriptor(-1).has_value());
}

TEST(IsSamePlace, WhateverTheFolderIsCalled) {
  const std::string folder = PathOf("place");
  std::filesystem::create_directories(folder + "/sub");
  ::unlink(PathOf("alias").c_str());
  std::filesystem::create_symlink(folder, PathOf("alias"));
  EXPECT_TRUE(IsSamePlace(folder + "/x", PathOf("alias/x"))) << "there need not be a file";
  EXPECT_TRUE(IsSamePlace(folder + "/x", folder + "/sub/../x"));
  EXPECT_TRUE(IsSamePlace("/nowhere/x", "/nowhere/x"));
  EXPECT_FALSE(IsSamePlace(folder + "/x", PathOf("alias/y")));
  EXPECT_FALSE(IsSamePlace(folder + "/x", folder + "/sub/x"));
  EXPECT_FALSE(IsSamePlace("/nowhere/x", "/nowhere/../nowhere/x"));
}

}  // namespace
}  // namespace muster::host
