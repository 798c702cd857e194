#include "muster/worker/http/files/static_files.h"

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/files/static_files_fixture.h"

namespace muster::worker::http {
namespace {

TEST_F(StaticFilesTest, ServesAFile) {
  Get("/digits.txt?query");
  EXPECT_EQ(answer_.status, 200);
  EXPECT_EQ(answer_.body_bytes, 10u);
  EXPECT_EQ(Body(), "0123456789");
  EXPECT_TRUE(Has("Content-Type: text/plain; charset=utf-8"));
  EXPECT_TRUE(Has("Content-Length: 10"));
  EXPECT_TRUE(Has(absl::StrCat("Last-Modified: ", kModified)));
  EXPECT_TRUE(Has(absl::StrCat("ETag: ", kTag)));
  EXPECT_TRUE(Has("Accept-Ranges: bytes"));
}

TEST_F(StaticFilesTest, ServesAnEmptyFile) {
  Write("empty", "");
  Get("/empty");
  EXPECT_EQ(answer_.status, 200);
  EXPECT_TRUE(Has("Content-Length: 0"));
  EXPECT_EQ(Body(), "");
}

TEST_F(StaticFilesTest, AnswersHeadWithoutBody) {
  Ask("HEAD", "/digits.txt");
  EXPECT_EQ(answer_.status, 200);
  EXPECT_TRUE(Has("Content-Length: 10"));
  EXPECT_EQ(Body(), "");
  EXPECT_EQ(answer_.body_bytes, 0u);
  Ask("HEAD", "/nothing");
  EXPECT_EQ(answer_.status, 404);
  EXPECT_EQ(Body(), "");
}

TEST_F(StaticFilesTest, LeavesALargeBodyToATransfer) {
  Write("large", std::string(100'000, 'x'));
  Get("/large");
  EXPECT_TRUE(Has("Content-Length: 100000"));
  EXPECT_EQ(Body(), "");
  ASSERT_NE(answer_.transfer, nullptr);
  Ask("HEAD", "/large");
  EXPECT_EQ(answer_.transfer, nullptr);
}

TEST_F(StaticFilesTest, ServesTheIndexOfAFolder) {
  Get("/docs/");
  EXPECT_EQ(answer_.status, 200);
  EXPECT_EQ(Body(), "<p>");
  EXPECT_TRUE(Has("Content-Type: text/html; charset=utf-8"));
}

TEST_F(StaticFilesTest, SendsAFolderToItsSlash) {
  Get("/docs?a=b");
  EXPECT_EQ(answer_.status, 301);
  EXPECT_TRUE(Has("Location: /docs/?a=b"));
  Get("/docs?a=%20\"<|%");
  EXPECT_TRUE(Has("Location: /docs/?a=%20%22%3C%7C%25"));
}

TEST_F(StaticFilesTest, EncodesWhereItSendsAFolder) {
  std::filesystem::create_directory(root_ / "a b\r\nX: y");
  Get("/a%20b%0D%0AX:%20y");
  EXPECT_EQ(answer_.status, 301);
  EXPECT_TRUE(Has("Location: /a%20b%0D%0AX:%20y/"));
}

TEST_F(StaticFilesTest, DoesNotSendAFolderToAnotherHost) {
  std::filesystem::create_directory(root_ / "evil.example");
  Get("//evil.example");
  EXPECT_TRUE(Has("Location: /evil.example/"));
}

TEST_F(StaticFilesTest, DoesNotFindOrForbids) {
  Get("/nothing");
  EXPECT_EQ(answer_.status, 404);
  std::filesystem::create_directory(root_ / "empty");
  Get("/empty/");
  EXPECT_EQ(answer_.status, 403);
}

TEST_F(StaticFilesTest, ListsAFolderWithoutIndexIfItIsToldTo) {
  std::filesystem::create_directory(root_ / "a & b");
  Write("a & b/file", "0123456789");
  settings_.lists_folders = true;
  Restart({});
  Get("/a%20&%20b/");
  EXPECT_EQ(answer_.status, 200);
  EXPECT_TRUE(Has("Content-Type: text/html; charset=utf-8"));
  EXPECT_TRUE(Has(absl::StrCat("Content-Length: ", Body().size())));
  EXPECT_EQ(answer_.body_bytes, Body().size());
  EXPECT_TRUE(absl::StrContains(Body(), "<h1>Index of /a &amp; b/</h1>"));
  EXPECT_TRUE(absl::StrContains(Body(), "<a href=\"./file\">file</a></td><td>10</td>"));
  const std::size_t bytes = out_.size() - Body().size();
  Ask("HEAD", "/a%20&%20b/");
  EXPECT_EQ(out_.size(), bytes);
  Get("/docs/");
  EXPECT_EQ(Body(), "<p>");
}

TEST_F(StaticFilesTest, AllowsGetAndHead) {
  Ask("POST", "/digits.txt");
  EXPECT_EQ(answer_.status, 405);
  EXPECT_TRUE(Has("Allow: GET, HEAD, OPTIONS"));
  Ask("TRACE", "/digits.txt");
  EXPECT_EQ(answer_.status, 405);
  Ask("OPTIONS", "/digits.txt");
  EXPECT_EQ(answer_.status, 204);
  EXPECT_TRUE(Has("Allow: GET, HEAD, OPTIONS"));
  EXPECT_EQ(Body(), "");
}

TEST_F(StaticFilesTest, SaysWhenNothingWasModified) {
  Get("/digits.txt", absl::StrCat("If-None-Match: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 304);
  EXPECT_TRUE(Has(absl::StrCat("ETag: ", kTag)));
  EXPECT_FALSE(absl::StrContains(out_, "Content-Length"));
  EXPECT_EQ(Body(), "");
  Get("/digits.txt", absl::StrCat("If-Modified-Since: ", kModified, "\r\n"));
  EXPECT_EQ(answer_.status, 304);
}

TEST_F(StaticFilesTest, SaysWhenAPreconditionFails) {
  Get("/digits.txt", "If-Match: \"other\"\r\n");
  EXPECT_EQ(answer_.status, 412);
  Get("/digits.txt", absl::StrCat("If-Match: \"other\"\r\nIf-Match: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 200);
  Get("/digits.txt", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  EXPECT_EQ(answer_.status, 412);
}

TEST_F(StaticFilesTest, ServesARange) {
  Get("/digits.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(answer_.status, 206);
  EXPECT_TRUE(Has("Content-Range: bytes 2-4/10"));
  EXPECT_TRUE(Has("Content-Length: 3"));
  EXPECT_EQ(Body(), "234");
}

TEST_F(StaticFilesTest, ServesSeveralRanges) {
  Get("/digits.txt", "Range: bytes=0-1,-2\r\n");
  EXPECT_EQ(answer_.status, 206);
  const std::string mark = "multipart/byteranges; boundary=";
  const std::string boundary = out_.substr(out_.find(mark) + mark.size(), 32);
  const std::string body = absl::StrCat(
      "--", boundary, "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10",
      "\r\n\r\n01\r\n--", boundary, "\r\nContent-Type: text/plain; charset=utf-8\r\n",
      "Content-Range: bytes 8-9/10\r\n\r\n89\r\n--", boundary, "--\r\n");
  EXPECT_EQ(Body(), body);
  EXPECT_EQ(answer_.body_bytes, body.size());
  EXPECT_TRUE(Has(absl::StrCat("Content-Length: ", body.size())));
}

TEST_F(StaticFilesTest, HasAnotherBoundaryEachTime) {
  Get("/digits.txt", "Range: bytes=0-1,-2\r\n");
  const std::string first = out_;
  Get("/digits.txt", "Range: bytes=0-1,-2\r\n");
  EXPECT_NE(out_, first);
}

TEST_F(StaticFilesTest, SaysWhenARangeIsBehindTheEnd) {
  Get("/digits.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(answer_.status, 416);
  EXPECT_TRUE(Has("Content-Range: bytes */10"));
}

TEST_F(StaticFilesTest, ServesTheWholeWhenIfRangeDoesNotHold) {
  Get("/digits.txt", "Range: bytes=0-0\r\nIf-Range: \"other\"\r\n");
  EXPECT_EQ(answer_.status, 200);
  Get("/digits.txt", absl::StrCat("Range: bytes=0-0\r\nIf-Range: ", kTag, "\r\n"));
  EXPECT_EQ(answer_.status, 206);
}

TEST_F(StaticFilesTest, IgnoresARangeOfHead) {
  Ask("HEAD", "/digits.txt", "Range: bytes=0-0\r\n");
  EXPECT_EQ(answer_.status, 200);
}

TEST_F(StaticFilesTest, AddsItsFieldsToEachAnswerAndItsPagesToErrors) {
  config::v1::Location location;
  config::v1::Header& header = *location.add_header();
  header.set_name("X-A");
  header.set_value("b");
  header.set_always(true);
  config::v1::ErrorPage& page = *location.add_error_page();
  page.add_status(404);
  page.set_body("not here");
  style_ = *ResponseStyle::Create(location.header(), location.error_page(), {}, types_);
  settings_.lists_folders = true;
  Restart({});
  std::filesystem::create_directory(root_ / "empty");
  for (const char* path : {"/digits.txt", "/docs", "/empty/", "/nothing"}) {
    Get(path);
    EXPECT_TRUE(Has("X-A: b")) << path;
  }
  EXPECT_EQ(Body(), "not here");
  for (const char* field : {"If-None-Match: *", "If-Match: \"x\"", "Range: bytes=1-2",
                            "Range: bytes=1-2,4-5", "Range: bytes=10-"}) {
    Get("/digits.txt", absl::StrCat(field, "\r\n"));
    EXPECT_TRUE(Has("X-A: b")) << field;
  }
}

}  // namespace
}  // namespace muster::worker::http
