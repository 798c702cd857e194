// Static files with a cache.

#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/files/static_files_fixture.h"

namespace muster::worker::http {
namespace {

TEST_F(CachedFilesTest, ServesAFileAgainWithoutLookingAtIt) {
  Get("/digits.txt");
  const std::string first = out_;
  std::filesystem::remove(root_ / "digits.txt");
  Get("/digits.txt");
  EXPECT_EQ(out_, first);
  Ask("HEAD", "/digits.txt");
  EXPECT_EQ(out_ + "0123456789", first);
}

TEST_F(CachedFilesTest, ListsAFolderAgainWithoutReadingIt) {
  settings_.lists_folders = true;
  Restart(kLimits);
  Write("list/a", "1");
  Get("/list/");
  const std::string first = Body();
  EXPECT_TRUE(absl::StrContains(first, "<td>1</td>"));
  // That leaves the folder what it was.
  Write("list/a", "12345");
  Get("/list/");
  EXPECT_EQ(Body(), first);
  now_ += kTrust;
  Get("/list/");
  EXPECT_TRUE(absl::StrContains(Body(), "<td>5</td>"));
}

TEST_F(CachedFilesTest, ListsWhatHasComeToAFolderAtOnce) {
  settings_.lists_folders = true;
  Restart(kLimits);
  Write("list/a", "1");
  const timespec long_ago[2] = {{1'148'167, 0}, {1'148'167, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "list").c_str(), long_ago, 0), 0);
  Get("/list/");
  EXPECT_FALSE(absl::StrContains(Body(), "./b"));
  Write("list/b", "1");
  Get("/list/");
  EXPECT_TRUE(absl::StrContains(Body(), "./b"));
}

TEST_F(CachedFilesTest, ServesAChangedFileWhenItsTimeIsOver) {
  Get("/digits.txt");
  std::ofstream(root_ / "digits.txt") << "9876543210";
  now_ += kTrust;
  Get("/digits.txt");
  EXPECT_EQ(Body(), "9876543210");
}

TEST_F(CachedFilesTest, ServesAChangedFileWithTheTimesOfTheOldOne) {
  Get("/digits.txt");
  Write("digits.txt", "9876543210");
  now_ += kTrust;
  Get("/digits.txt");
  EXPECT_EQ(Body(), "9876543210");
}

TEST_F(CachedFilesTest, ServesAFileThatWasMovedToItsPlace) {
  Get("/digits.txt");
  Write("new", "9876543210");
  std::filesystem::rename(root_ / "new", root_ / "digits.txt");
  now_ += kTrust;
  Get("/digits.txt");
  EXPECT_EQ(Body(), "9876543210");
}

TEST_F(CachedFilesTest, ForgetsARemovedFileWhenItsTimeIsOver) {
  Get("/digits.txt");
  std::filesystem::remove(root_ / "digits.txt");
  now_ += kTrust;
  Get("/digits.txt");
  EXPECT_EQ(answer_.status, 404);
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(CachedFilesTest, FindsAFileThatWasNotThereBefore) {
  Get("/new");
  EXPECT_EQ(answer_.status, 404);
  Write("new", "new");
  Get("/new");
  EXPECT_EQ(Body(), "new");
}

TEST_F(CachedFilesTest, TakesABetterIndexWhenItsTimeIsOver) {
  index_ = {"first.html", "index.html"};
  Restart(kLimits);
  Get("/docs/");
  EXPECT_EQ(Body(), "<p>");
  Write("docs/first.html", "first");
  now_ += kTrust;
  Get("/docs/");
  EXPECT_EQ(Body(), "first");
}

TEST_F(CachedFilesTest, AnswersConditionsAndRangesFromMemory) {
  Get("/digits.txt");
  std::filesystem::remove(root_ / "digits.txt");
  Get("/digits.txt", absl::StrCat("If-None-Match: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 304);
  Get("/digits.txt", "If-Match: \"other\"\r\n");
  EXPECT_EQ(answer_.status, 412);
  Get("/digits.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(answer_.status, 206);
  EXPECT_EQ(Body(), "234");
  Get("/digits.txt", "Range: bytes=0-1,-2\r\n");
  EXPECT_EQ(answer_.status, 206);
  EXPECT_TRUE(absl::StrContains(Body(), "\r\n\r\n89\r\n--"));
}

TEST_F(CachedFilesTest, SendsALargeFileFromTheDescriptorThatIsOpen) {
  Write("docs/large", std::string(100'000, 'x'));
  Get("/docs/large");
  std::filesystem::rename(root_ / "docs", root_ / "elsewhere");
  Get("/docs/large");
  EXPECT_TRUE(Has("Content-Length: 100000"));
  EXPECT_NE(answer_.transfer, nullptr);
}

TEST_F(CachedFilesTest, SeesAtOnceThatALargeFileBecameShorter) {
  Write("large", std::string(100'000, 'x'));
  Get("/large");
  std::filesystem::resize_file(root_ / "large", 50'000);
  Get("/large");
  EXPECT_TRUE(Has("Content-Length: 50000"));
}

TEST_F(CachedFilesTest, KeepsALargeFileOpenForItsTransfer) {
  Write("large", std::string(100'000, 'x'));
  Get("/large");
  const auto transfer = std::move(answer_.transfer);
  cache_->Clear();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const ipc::UniqueFd server(ends[0]);
  const ipc::UniqueFd client(ends[1]);
  EXPECT_NE(transfer->Send(server.get(), 1000), FileTransfer::Outcome::kFailed);
  EXPECT_GT(transfer->sent_bytes(), 0u);
}

}  // namespace
}  // namespace muster::worker::http
