#include "muster/config/config_source.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

class ConfigSourceTest : public testing::Test {
 protected:
  ConfigSourceTest() {
    char name[] = "/tmp/muster-source.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~ConfigSourceTest() override { std::filesystem::remove_all(folder_); }

  std::string At(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(At(name)) << text;
  }
  static std::string Refusal(const std::string& path) {
    const auto text = ReadConfigSource(path);
    EXPECT_FALSE(text.ok()) << path;
    return std::string(text.status().message());
  }

  std::string folder_;
};

TEST_F(ConfigSourceTest, IsARegularFile) {
  Write("m.textproto", "listen {}\n");
  std::filesystem::create_symlink("m.textproto", At("link"));
  EXPECT_EQ(*ReadConfigSource(At("m.textproto")), "listen {}\n");
  EXPECT_EQ(*ReadConfigSource(At("link")), "listen {}\n");
}

TEST_F(ConfigSourceTest, IsNamedIfItIsNotThere) {
  const auto missing = ReadConfigSource(At("m.textproto"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.status().message(),
            absl::StrCat("open ", At("m.textproto"), ": No such file or directory"));
  EXPECT_EQ(Refusal("/nowhere/m"), "open /nowhere/m: No such file or directory");
}

TEST_F(ConfigSourceTest, IsFoundBehindASlip) {
  Write("muster.textproto", "");
  EXPECT_EQ(
      Refusal(At("muster.textprto")),
      absl::StrCat("open ", At("muster.textprto"), ": No such file or directory; did you mean ",
                   At("muster.textproto"), "?"));
}

TEST_F(ConfigSourceTest, KeepsTheKernelsReason) {
  Write("file", "");
  EXPECT_EQ(Refusal(At("file/m")), absl::StrCat("open ", At("file/m"), ": Not a directory"));
  std::filesystem::create_symlink("loop", At("loop"));
  EXPECT_EQ(Refusal(At("loop")),
            absl::StrCat("open ", At("loop"), ": Too many levels of symbolic links"));
  const std::string long_path = At(std::string(256, 'x'));
  EXPECT_EQ(Refusal(long_path), absl::StrCat("open ", long_path, ": File name too long"));
}

TEST_F(ConfigSourceTest, IsNoFolder) {
  EXPECT_EQ(Refusal(folder_), folder_ + ": is a folder; write the path of a configuration in it");
  Write("site.json", "{}");
  EXPECT_EQ(Refusal(folder_),
            absl::StrCat(folder_, ": is a folder; did you mean ", At("site.json"), "?"));
}

TEST_F(ConfigSourceTest, DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(At("pipe").c_str(), 0600), 0);
  EXPECT_EQ(Refusal(At("pipe")), At("pipe") +
                                     ": is a pipe; a configuration is in a regular file, "
                                     "which a reload can read again");
}

TEST_F(ConfigSourceTest, IsNoDevice) {
  EXPECT_EQ(Refusal("/dev/zero"),
            "/dev/zero: is a device; a configuration is in a regular file, which a reload can read "
            "again");
}

TEST_F(ConfigSourceTest, IsNotReadIfItIsHuge) {
  Write("huge", "");
  ASSERT_EQ(::truncate(At("huge").c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(Refusal(At("huge")),
            At("huge") + ": is larger than 16777216 bytes; is it a configuration at all?");
}

}  // namespace
}  // namespace muster::config
