#include "muster/worker/http/files/file_resolver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using Outcome = FileResolver::Outcome;

class FileResolverTest : public testing::Test {
 protected:
  FileResolverTest() {
    std::string pattern = testing::TempDir() + "/resolver.XXXXXX";
    top_ = ::mkdtemp(pattern.data());
    root_ = top_ / "root";
    std::filesystem::create_directories(root_ / "docs" / "empty");
    Write(top_ / "secret", "secret");
    Write(root_ / "index.html", "home");
    Write(root_ / "docs" / "page.html", "page");
  }
  ~FileResolverTest() override { std::filesystem::remove_all(top_); }

  static void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  FileResolver Resolver(std::vector<std::string> index = {"index.html"}) {
    auto resolver = FileResolver::Create(root_, std::move(index));
    EXPECT_TRUE(resolver.ok()) << resolver.status();
    return *std::move(resolver);
  }
  Outcome Resolve(absl::string_view path) { return Resolver().Resolve(path).outcome; }

  std::filesystem::path top_;
  std::filesystem::path root_;
};

TEST_F(FileResolverTest, OpensAFileBelowItsRoot) {
  const auto resolution = Resolver().Resolve("/docs/page.html");
  ASSERT_EQ(resolution.outcome, Outcome::kFile);
  EXPECT_EQ(resolution.file->size_bytes, 4u);
  EXPECT_EQ(resolution.file->name, "page.html");
  char bytes[8] = {};
  EXPECT_EQ(::pread(resolution.file->fd.get(), bytes, sizeof(bytes), 0), 4);
  EXPECT_STREQ(bytes, "page");
}

TEST_F(FileResolverTest, TellsWhenAFileWasModified) {
  const timespec times[2] = {{1'000'000, 0}, {1'234'567, 890}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "index.html").c_str(), times, 0), 0);
  EXPECT_EQ(Resolver().Resolve("/index.html").file->modified_seconds, 1'234'567);
}

TEST_F(FileResolverTest, OpensTheFirstIndexThatExists) {
  Write(root_ / "docs" / "b.html", "b");
  Write(root_ / "docs" / "c.html", "c");
  FileResolver resolver = Resolver({"a.html", "b.html", "c.html"});
  const auto resolution = resolver.Resolve("/docs/");
  ASSERT_EQ(resolution.outcome, Outcome::kFile);
  EXPECT_EQ(resolution.file->name, "b.html");
}

TEST_F(FileResolverTest, PassesOverAFolderWithTheNameOfAnIndex) {
  std::filesystem::create_directory(root_ / "docs" / "index.html");
  EXPECT_EQ(Resolve("/docs/"), Outcome::kNoIndex);
}

TEST_F(FileResolverTest, TellsAFolderWithoutItsSlash) {
  EXPECT_EQ(Resolve("/docs"), Outcome::kFolder);
  EXPECT_EQ(Resolve("/docs/empty"), Outcome::kFolder);
}

TEST_F(FileResolverTest, OpensAFolderWithoutIndex) {
  const auto resolution = Resolver().Resolve("/docs/empty/");
  EXPECT_EQ(resolution.outcome, Outcome::kNoIndex);
  EXPECT_TRUE(resolution.folder.valid());
}

TEST_F(FileResolverTest, DoesNotFindWhatIsNotThere) {
  for (absl::string_view path : {"/nothing", "/nothing/", "/index.html/", "/index.html/x"}) {
    EXPECT_EQ(Resolve(path), Outcome::kNotFound) << path;
  }
  EXPECT_EQ(Resolve("/" + std::string(300, 'x')), Outcome::kNotFound);
  EXPECT_EQ(Resolve("/" + std::string(5000, 'x')), Outcome::kNotFound);
}

TEST_F(FileResolverTest, FollowsALinkThatStaysBelow) {
  std::filesystem::create_symlink("../index.html", root_ / "docs" / "link");
  std::filesystem::create_directory_symlink("docs", root_ / "folder");
  EXPECT_EQ(Resolve("/docs/link"), Outcome::kFile);
  EXPECT_EQ(Resolve("/folder/page.html"), Outcome::kFile);
}

TEST_F(FileResolverTest, DoesNotFollowALinkThatLeadsOut) {
  std::filesystem::create_symlink("../secret", root_ / "relative");
  std::filesystem::create_symlink(top_ / "secret", root_ / "absolute");
  std::filesystem::create_directory_symlink("..", root_ / "up");
  std::filesystem::create_directory_symlink("/", root_ / "slash");
  for (absl::string_view path : {"/relative", "/absolute", "/up/secret", "/up/",
                                 "/slash/etc/passwd", "/up/root/index.html"}) {
    EXPECT_EQ(Resolve(path), Outcome::kNotFound) << path;
  }
}

TEST_F(FileResolverTest, DoesNotFollowDotsThatLeadOut) {
  EXPECT_EQ(Resolve("/../secret"), Outcome::kNotFound);
  EXPECT_EQ(Resolve("/docs/../../secret"), Outcome::kNotFound);
}

TEST_F(FileResolverTest, DoesNotFollowALinkToItself) {
  std::filesystem::create_symlink("loop", root_ / "loop");
  EXPECT_EQ(Resolve("/loop"), Outcome::kNotFound);
}

TEST_F(FileResolverTest, ForbidsAFifoWithoutWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(Resolve("/fifo"), Outcome::kForbidden);
}

TEST_F(FileResolverTest, ForbidsWhatItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(::chmod((root_ / "index.html").c_str(), 0), 0);
  EXPECT_EQ(Resolve("/index.html"), Outcome::kForbidden);
}

TEST_F(FileResolverTest, KeepsItsFolderWhenThatIsMoved) {
  FileResolver resolver = Resolver();
  std::filesystem::rename(root_, top_ / "elsewhere");
  EXPECT_EQ(resolver.Resolve("/index.html").outcome, Outcome::kFile);
}

TEST_F(FileResolverTest, RefusesARootThatIsNoFolder) {
  EXPECT_EQ(FileResolver::Create(top_ / "secret", {}).status().message(),
            "root " + (top_ / "secret").string() + ": not a directory");
  EXPECT_EQ(FileResolver::Create(top_ / "none", {}).status().message(),
            "root " + (top_ / "none").string() + ": No such file or directory");
}

TEST_F(FileResolverTest, RefusesAnIndexThatIsNoName) {
  for (const char* name : {"", ".", "..", "a/b", "/index.html"}) {
    EXPECT_EQ(FileResolver::Create(root_, {"index.html", name}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

}  // namespace
}  // namespace muster::worker::http
