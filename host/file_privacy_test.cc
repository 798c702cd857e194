#include "muster/host/file_privacy.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::host {
namespace {

// Below /tmp, which everybody may enter.
class FilePrivacy : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    std::ofstream(key_ = absl::StrCat(folder_, "/own.key")) << "secret";
    ASSERT_EQ(::chmod(folder_, 0711), 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  char folder_[32] = "/tmp/muster-privacy-XXXXXX";
  std::string key_;
};

TEST_F(FilePrivacy, IsLostByAModeThatLetsOthersRead) {
  for (const int mode : {0644, 0604, 04}) {
    ASSERT_EQ(::chmod(key_.c_str(), mode), 0);
    EXPECT_NE(WhyNotPrivate(key_), "") << mode;
  }
  ASSERT_EQ(::chmod(key_.c_str(), 0644), 0);
  EXPECT_EQ(WhyNotPrivate(key_), key_ + " has mode 0644: every user of this machine can read it");
  for (const int mode : {0600, 0640, 0400, 0602}) {
    ASSERT_EQ(::chmod(key_.c_str(), mode), 0);
    EXPECT_EQ(WhyNotPrivate(key_), "") << mode;
  }
}

TEST_F(FilePrivacy, IsKeptByAFolderThatOthersMayNotEnter) {
  ASSERT_EQ(::chmod(key_.c_str(), 0644), 0);
  ASSERT_EQ(::chmod(folder_, 0750), 0);
  EXPECT_EQ(WhyNotPrivate(key_), "");
}

TEST_F(FilePrivacy, IsThatOfTheFileBehindALink) {
  const std::string link = absl::StrCat(folder_, "/link");
  std::filesystem::create_symlink("own.key", link);
  ASSERT_EQ(::chmod(key_.c_str(), 0600), 0);
  EXPECT_EQ(WhyNotPrivate(link), "");
  ASSERT_EQ(::chmod(key_.c_str(), 0644), 0);
  EXPECT_EQ(WhyNotPrivate(link), link + " has mode 0644: every user of this machine can read it");
}

TEST_F(FilePrivacy, IsNoMatterOfAFileThatIsNotThere) {
  EXPECT_EQ(WhyNotPrivate(absl::StrCat(folder_, "/none")), "");
}

}  // namespace
}  // namespace muster::host
