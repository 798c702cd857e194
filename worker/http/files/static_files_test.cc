#include "muster/worker/http/files/static_files.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {
namespace {

constexpr char kModified[] = "Wed, 14 Jan 1970 06:56:07 GMT";  // second 1,148,167
constexpr char kTag[] = "\"118507-a\"";                        // of ten bytes then

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    std::string pattern = testing::TempDir() + "/static.XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    Write("digits.txt", "0123456789");
    Write("docs/index.html", "<p>");
    Restart({});
  }
  ~StaticFilesTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
    const timespec times[2] = {{1'148'167, 0}, {1'148'167, 999'999'999}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / name).c_str(), times, 0), 0);
  }

  // With index_ and settings_ as they are now.
  void Restart(const OpenFileCache::Limits& limits) {
    cache_.emplace(limits);
    files_.emplace(*FileResolver::Create(root_, index_), settings_, style_, types_, *cache_, 0);
  }

  // Answers; what was put together is in answer_ and out_.
  void Ask(absl::string_view method, absl::string_view target, absl::string_view fields = "") {
    const std::string bytes =
        absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
    RequestParser parser;
    parser.Reset();
    ASSERT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete);
    RequestTarget parsed;
    ASSERT_TRUE(parsed.Parse(parser.head().target()));
    out_.clear();
    date_.Update(now_);
    answer_ = files_->Respond(parser.head(), parsed, Persistence::kKeepAlive, date_, out_);
    EXPECT_TRUE(absl::StartsWith(out_, absl::StrCat("HTTP/1.1 ", answer_.status, " ")));
  }
  void Get(absl::string_view target, absl::string_view fields = "") { Ask("GET", target, fields); }

  std::string Body() const { return out_.substr(out_.find("\r\n\r\n") + 4); }
  bool Has(absl::string_view field) const {
    return absl::StrContains(out_, absl::StrCat("\r\n", field, "\r\n"));
  }

  std::filesystem::path root_;
  MimeTypes types_;
  std::vector<std::string> index_ = {"index.html"};
  StaticFiles::Settings settings_;
  ResponseStyle style_;
  std::optional<OpenFileCache> cache_;
  std::optional<StaticFiles> files_;
  DateCache date_;
  loop::TimePoint now_;
  Answer answer_;
  std::string out_;
};

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

// The same with a cache.
class CachedFilesTest : public StaticFilesTest {
 protected:
  static constexpr std::chrono::seconds kTrust{2};

  static constexpr OpenFileCache::Limits kLimits = {.max_entries = 10,
                                                    .trusted_for = kTrust,
                                                    .max_file_bytes = 32'768,
                                                    .max_memory_bytes = 1'000'000,
                                                    .max_descriptors = 10};

  CachedFilesTest() { Restart(kLimits); }
};

TEST_F(CachedFilesTest, ServesAFileAgainWithoutLookingAtIt) {
  Get("/digits.txt");
  const std::string first = out_;
  std::filesystem::remove(root_ / "digits.txt");
  Get("/digits.txt");
  EXPECT_EQ(out_, first);
  Ask("HEAD", "/digits.txt");
  EXPECT_EQ(out_ + "0123456789", first);
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
  EXPECT_TRUE(Has("ETag: \"118507-7-gzip\""));
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

TEST_F(PrecompressedFilesTest, ServesRangesAndConditionsOfWhatItHasSelected) {
  Get("/digits.txt", "Accept-Encoding: gzip\r\nRange: bytes=1-3\r\n");
  EXPECT_EQ(answer_.status, 206);
  EXPECT_EQ(Body(), "zip");
  EXPECT_TRUE(Has("Content-Range: bytes 1-3/7"));
  EXPECT_TRUE(Has("Content-Encoding: gzip"));
  Get("/digits.txt", "Accept-Encoding: gzip\r\nIf-None-Match: \"118507-7-gzip\"\r\n");
  EXPECT_EQ(answer_.status, 304);
  EXPECT_TRUE(Has("Vary: Accept-Encoding"));
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
