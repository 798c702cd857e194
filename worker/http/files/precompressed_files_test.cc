// Static files of which there are encodings beside them.

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/files/static_files_fixture.h"

namespace muster::worker::http {
namespace {

class PrecompressedFilesTest : public CachedFilesTest {
 protected:
  PrecompressedFilesTest() {
    settings_.codings = {ContentCoding::kBrotli, ContentCoding::kGzip};
    Write("digits.txt.gz", "gzipped");
    Write("digits.txt.br", "brotli");
    Restart(kLimits);
  }
};

TEST_F(PrecompressedFilesTest, ServesWhatTheClientLikesBest) {
  Get("/digits.txt", "Accept-Encoding: br;q=0.5, gzip\r\n");
  EXPECT_EQ(Body(), "gzipped");
  EXPECT_TRUE(Has("Content-Encoding: gzip"));
  EXPECT_TRUE(Has("Content-Type: text/plain; charset=utf-8"));
  EXPECT_TRUE(Has("Content-Length: 7"));
  EXPECT_TRUE(Has("Vary: Accept-Encoding"));
  EXPECT_TRUE(Has("ETag: \"41440b1c84fff-7-gzip\""));
  Get("/digits.txt", "Accept-Encoding: gzip;q=0.5\r\naccept-encoding: identity\r\n");
  EXPECT_EQ(Body(), "0123456789");
}

TEST_F(PrecompressedFilesTest, ServesWhatItLikesBestItselfOfTwoThatAreLikedAsWell) {
  Get("/digits.txt", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(Body(), "brotli");
  Get("/digits.txt", "Accept-Encoding: *\r\n");
  EXPECT_EQ(Body(), "brotli");
}

TEST_F(PrecompressedFilesTest, ServesTheOriginalToWhoDoesNotAsk) {
  Get("/digits.txt");
  EXPECT_EQ(Body(), "0123456789");
  EXPECT_FALSE(absl::StrContains(out_, "Content-Encoding"));
  EXPECT_TRUE(Has(absl::StrCat("ETag: ", kTag)));
  EXPECT_TRUE(Has("Vary: Accept-Encoding"));
}

TEST_F(PrecompressedFilesTest, RefusesWhoAcceptsNothingThatIsThere) {
  Get("/digits.txt", "Accept-Encoding: zstd, identity;q=0\r\n");
  EXPECT_EQ(answer_.status, 406);
  EXPECT_TRUE(Has("Vary: Accept-Encoding"));
}

TEST_F(PrecompressedFilesTest, SaysInAllAnswersThatTheyVary) {
  settings_.lists_folders = true;
  Restart(kLimits);
  std::filesystem::create_directory(root_ / "list");
  for (const auto& [request, fields, status] :
       std::vector<std::tuple<std::string, std::string, int>>{
           {"OPTIONS /digits.txt", "", 204},
           {"GET /digits.txt", "Range: bytes=0-0\r\n", 206},
           {"GET /digits.txt", "Range: bytes=0-0,2-2\r\n", 206},
           {"GET /docs", "", 301},
           {"GET /none", "", 404},
           {"POST /digits.txt", "", 405},
           {"GET /digits.txt", "If-Match: \"other\"\r\n", 412},
           {"GET /digits.txt", "Range: bytes=99-\r\n", 416},
           {"GET /list/", "", 200}}) {
    const std::size_t space = request.find(' ');
    Ask(request.substr(0, space), request.substr(space + 1), fields);
    EXPECT_EQ(answer_.status, status) << request << fields;
    EXPECT_TRUE(Has("Vary: Accept-Encoding")) << request << fields;
  }
}

TEST_F(PrecompressedFilesTest, ServesRangesAndConditionsOfWhatItHasSelected) {
  Get("/digits.txt", "Accept-Encoding: gzip\r\nRange: bytes=1-3\r\n");
  EXPECT_EQ(answer_.status, 206);
  EXPECT_EQ(Body(), "zip");
  EXPECT_TRUE(Has("Content-Range: bytes 1-3/7"));
  EXPECT_TRUE(Has("Content-Encoding: gzip"));
  Get("/digits.txt", "Accept-Encoding: gzip\r\nIf-None-Match: \"41440b1c84fff-7-gzip\"\r\n");
  EXPECT_EQ(answer_.status, 304);
  EXPECT_TRUE(Has("Vary: Accept-Encoding"));
  EXPECT_FALSE(absl::StrContains(out_, "Content-Encoding"));
  Get("/digits.txt", absl::StrCat("Accept-Encoding: gzip\r\nIf-None-Match: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 200);
  Get("/digits.txt",
      absl::StrCat("Accept-Encoding: gzip\r\nRange: bytes=1-3\r\nIf-Range: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 200);
}

TEST_F(PrecompressedFilesTest, DoesNotServeWhatIsOlderThanItsOriginal) {
  const timespec times[2] = {{1'148'168, 0}, {1'148'168, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "digits.txt").c_str(), times, 0), 0);
  Get("/digits.txt", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "0123456789");
}

TEST_F(PrecompressedFilesTest, DoesNotServeWhatHasNoOriginal) {
  std::filesystem::remove(root_ / "digits.txt");
  Get("/digits.txt", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(answer_.status, 404);
}

TEST_F(PrecompressedFilesTest, ServesAnIndexEncoded) {
  Write("docs/index.html.gz", "gzipped index");
  Get("/docs/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "gzipped index");
  EXPECT_TRUE(Has("Content-Type: text/html; charset=utf-8"));
}

TEST_F(PrecompressedFilesTest, NoticesAnEncodedFileThatComesOrGoes) {
  Get("/docs/index.html", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "<p>");
  Write("docs/index.html.gz", "gzipped index");
  now_ += kTrust;
  Get("/docs/index.html", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "gzipped index");
  std::filesystem::remove(root_ / "docs/index.html.gz");
  now_ += kTrust;
  Get("/docs/index.html", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "<p>");
}

TEST_F(PrecompressedFilesTest, DoesTheSameWithoutACache) {
  Restart({});
  Get("/digits.txt", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Body(), "gzipped");
}

}  // namespace
}  // namespace muster::worker::http
