#include "muster/worker/http/files/folder_listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

class FolderListingTest : public testing::Test {
 protected:
  FolderListingTest() {
    std::string pattern = testing::TempDir() + "/listing.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FolderListingTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content = "") const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  FolderListing Read(std::size_t max_files = 100) const {
    ipc::UniqueFd fd(::open(folder_.c_str(), O_RDONLY | O_CLOEXEC));
    auto listing = ReadFolder(std::move(fd), max_files);
    EXPECT_TRUE(listing.has_value());
    return *std::move(listing);
  }
  static std::vector<std::string> Names(const FolderListing& listing) {
    std::vector<std::string> names;
    for (const ListedFile& file : listing.files) names.push_back(file.name);
    return names;
  }

  std::filesystem::path folder_;
};

TEST_F(FolderListingTest, HasFoldersFirstAndThenNamesInOrder) {
  Write("b");
  Write("a");
  std::filesystem::create_directory(folder_ / "z");
  std::filesystem::create_directory(folder_ / "y");
  EXPECT_EQ(Names(Read()), (std::vector<std::string>{"y", "z", "a", "b"}));
}

TEST_F(FolderListingTest, LeavesOutWhatIsHiddenOrNotServed) {
  Write(".hidden");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(Read().files.empty());
}

TEST_F(FolderListingTest, TellsSizeAndTimeOfAFile) {
  Write("file", "0123456789");
  const timespec times[2] = {{0, 0}, {1'148'167, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "file").c_str(), times, 0), 0);
  const FolderListing listing = Read();
  ASSERT_EQ(listing.files.size(), 1u);
  EXPECT_EQ(listing.files[0].size_bytes, 10u);
  EXPECT_TRUE(
      absl::StrContains(FormatListing("/", listing), "<td>10</td><td>1970-01-14 06:56</td></tr>"));
}

TEST_F(FolderListingTest, DoesNotLookWhereALinkLeads) {
  std::filesystem::create_symlink("/etc/passwd", folder_ / "link");
  const FolderListing listing = Read();
  ASSERT_EQ(listing.files.size(), 1u);
  EXPECT_EQ(listing.files[0].size_bytes, std::nullopt);
}

TEST_F(FolderListingTest, EndsAtItsBoundAndSaysSo) {
  for (int i = 0; i < 4; ++i) Write(absl::StrCat(i));
  EXPECT_TRUE(Read(4).is_whole);
  const FolderListing listing = Read(3);
  EXPECT_EQ(listing.files.size(), 3u);
  EXPECT_TRUE(absl::StrContains(FormatListing("/", listing), "There are more than these."));
}

TEST_F(FolderListingTest, CannotBeReadFromAFile) {
  Write("file");
  EXPECT_EQ(ReadFolder(ipc::UniqueFd(::open((folder_ / "file").c_str(), O_RDONLY | O_CLOEXEC))),
            std::nullopt);
}

std::string PageOf(const std::string& name) {
  FolderListing listing;
  listing.files.push_back({.name = name});
  return FormatListing("/a/", listing);
}

TEST(FolderListingPage, LinksToItsFilesAndToTheFolderAbove) {
  FolderListing listing;
  listing.files.push_back({.name = "folder", .is_folder = true});
  const std::string page = FormatListing("/a/", listing);
  EXPECT_TRUE(absl::StrContains(page, "<h1>Index of /a/</h1>"));
  EXPECT_TRUE(absl::StrContains(page, "<a href=\"../\">../</a>"));
  EXPECT_TRUE(absl::StrContains(page, "<a href=\"./folder/\">folder/</a>"));
  EXPECT_FALSE(absl::StrContains(FormatListing("/", listing), "../"));
}

TEST(FolderListingPage, EscapesNamesThatLookLikeHtml) {
  EXPECT_TRUE(absl::StrContains(
      PageOf("<b>\"'&"), "<a href=\"./%3Cb%3E%22&#39;&amp;\">&lt;b&gt;&quot;&#39;&amp;</a>"));
  const std::string page = FormatListing("/<script>/", {});
  EXPECT_FALSE(absl::StrContains(page, "<script>"));
}

TEST(FolderListingPage, EncodesNamesThatLookLikeOtherAddresses) {
  EXPECT_TRUE(absl::StrContains(PageOf("javascript:alert(1)"), "href=\"./javascript:alert(1)\""));
  EXPECT_TRUE(absl::StrContains(PageOf("a?b#c%d e"), "href=\"./a%3Fb%23c%25d%20e\""));
  EXPECT_TRUE(absl::StrContains(PageOf("\xc3\xa4"), "href=\"./%C3%A4\">\xc3\xa4<"));
}

TEST(FolderListingPage, ShowsNoControlCharacters) {
  EXPECT_TRUE(absl::StrContains(PageOf("a\r\nb"),
                                "href=\"./a%0D%0Ab\">a\xef\xbf\xbd\xef\xbf\xbd"
                                "b<"));
}

TEST(FolderListingPage, IsNoLargerThanItMayBe) {
  FolderListing listing;
  for (int i = 0; i < 5000; ++i) listing.files.push_back({.name = std::string(200, '&')});
  const std::string page = FormatListing("/", listing);
  EXPECT_LT(page.size(), kMaxListingBytes + 1000);
  EXPECT_TRUE(absl::StrContains(page, "There are more than these."));
}

}  // namespace
}  // namespace muster::worker::http
