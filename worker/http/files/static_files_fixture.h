#ifndef MUSTER_WORKER_HTTP_FILES_STATIC_FILES_FIXTURE_H_
#define MUSTER_WORKER_HTTP_FILES_STATIC_FILES_FIXTURE_H_

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/worker/http/files/static_files.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {

inline constexpr char kModified[] = "Wed, 14 Jan 1970 06:56:07 GMT";  // second 1,148,167
inline constexpr char kTag[] = "\"41440b1c84fff-a\"";                 // of ten bytes then

// Files in a folder of their own, and answers from them without a connection.
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
    listings_.emplace(ListingCache::Limits{.trusted_for = limits.trusted_for,
                                           .max_memory_bytes = limits.max_memory_bytes});
    files_.emplace(*FileResolver::Create(root_, index_), settings_, style_, types_, *cache_,
                   *listings_, 0);
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
  std::optional<ListingCache> listings_;
  std::optional<StaticFiles> files_;
  DateCache date_;
  loop::TimePoint now_;
  Answer answer_;
  std::string out_;
};

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

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_STATIC_FILES_FIXTURE_H_
