#include "muster/worker/http/files/listing_cache.h"

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;

class ListingCacheTest : public testing::Test {
 protected:
  const std::string* Find(absl::string_view path, seconds later = seconds(0)) {
    return cache_.Find(0, path, folder_, now_ + later);
  }
  void Put(absl::string_view path, std::string page = "page") {
    EXPECT_EQ(cache_.Put(0, path, folder_, page, now_), page);
  }

  const loop::TimePoint now_{seconds(100)};
  FileIdentity folder_ = {.device = 1, .inode = 2, .modified_nanoseconds = 3};
  ListingCache cache_{{.trusted_for = seconds(2), .max_memory_bytes = 10'000}};
};

TEST_F(ListingCacheTest, FindsThePageOfTheSameFolder) {
  Put("/a/");
  ASSERT_NE(Find("/a/"), nullptr);
  EXPECT_EQ(*Find("/a/"), "page");
  EXPECT_EQ(Find("/b/"), nullptr);
  EXPECT_EQ(cache_.Find(1, "/a/", folder_, now_), nullptr) << "another location";
}

TEST_F(ListingCacheTest, FindsNoPageOfAFolderThatHasChanged) {
  Put("/a/");
  folder_.modified_nanoseconds = 4;
  EXPECT_EQ(Find("/a/"), nullptr);
  Put("/a/", "other");
  EXPECT_EQ(*Find("/a/"), "other");
  EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(ListingCacheTest, TrustsAPageForItsTime) {
  Put("/a/");
  EXPECT_NE(Find("/a/", seconds(1)), nullptr);
  EXPECT_EQ(Find("/a/", seconds(2)), nullptr);
}

TEST_F(ListingCacheTest, TrustsAPageOfAYoungFolderForASecondAtMost) {
  EXPECT_EQ(cache_.Put(0, "/a/", folder_, "page", now_, ListingCache::Folder::kYoung), "page");
  EXPECT_NE(Find("/a/"), nullptr);
  EXPECT_EQ(Find("/a/", seconds(1)), nullptr);
  ListingCache none({.trusted_for = {}, .max_memory_bytes = 10'000});
  none.Put(0, "/a/", folder_, "page", now_, ListingCache::Folder::kYoung);
  EXPECT_EQ(none.Find(0, "/a/", folder_, now_), nullptr);
}

TEST_F(ListingCacheTest, DropsWhatWasNotUsedForLongest) {
  const std::string page(4000, 'x');
  Put("/a/", page);
  Put("/b/", page);
  EXPECT_NE(Find("/a/"), nullptr);
  Put("/c/", page);
  EXPECT_EQ(Find("/b/"), nullptr);
  EXPECT_NE(Find("/a/"), nullptr);
  EXPECT_LE(cache_.memory_bytes(), 10'000u);
  Put("/large/", std::string(20'000, 'x'));
  EXPECT_EQ(Find("/large/"), nullptr);
  EXPECT_NE(Find("/a/"), nullptr);
}

TEST_F(ListingCacheTest, HoldsOnlySoManyPages) {
  ListingCache cache({.trusted_for = seconds(2), .max_memory_bytes = 1'000'000});
  for (int i = 0; i < 100; ++i) cache.Put(0, absl::StrCat("/", i, "/"), folder_, "page", now_);
  EXPECT_EQ(cache.size(), ListingCache::kMostPages);
  EXPECT_NE(cache.Find(0, "/99/", folder_, now_), nullptr);
}

TEST_F(ListingCacheTest, KeepsNothingWithoutMemoryAndForgets) {
  ListingCache none({.trusted_for = seconds(2), .max_memory_bytes = 0});
  EXPECT_EQ(none.Put(0, "/a/", folder_, "page", now_), "page");
  EXPECT_EQ(none.size(), 0u);
  Put("/a/");
  cache_.Clear();
  EXPECT_EQ(Find("/a/"), nullptr);
  EXPECT_EQ(cache_.memory_bytes(), 0u);
}

}  // namespace
}  // namespace muster::worker::http
