#include "muster/worker/http/files/open_file_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

using std::chrono::seconds;

std::size_t CountDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class OpenFileCacheTest : public testing::Test {
 protected:
  static constexpr std::size_t kLots = 1'000'000;

  static Resource File(std::size_t size_bytes, bool is_in_memory = true, bool is_young = false) {
    std::string path = testing::TempDir() + "/cached.XXXXXX";
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(::mkostemp(path.data(), O_CLOEXEC));
    EXPECT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(::ftruncate(file->fd.get(), static_cast<off_t>(size_bytes)), 0);
    file->identity = *IdentityOf(file->fd.get());
    if (!is_young) file->identity.modified_nanoseconds = 1;
    file->size_bytes = size_bytes;
    Resource resource;
    resource.original =
        Representation::Create(std::move(file), ContentCoding::kIdentity, is_in_memory ? kLots : 0,
                               /*date_seconds=*/1, "text/plain", "");
    return resource;
  }
  static OpenFileCache::Limits Limits(std::size_t max_entries,
                                      std::size_t max_memory_bytes = kLots) {
    return {.max_entries = max_entries,
            .trusted_for = seconds(2),
            .max_file_bytes = kLots,
            .max_memory_bytes = max_memory_bytes,
            .max_descriptors = 10};
  }

  const loop::TimePoint now_{seconds(100)};
};

TEST_F(OpenFileCacheTest, FindsWhatWasPut) {
  OpenFileCache cache(Limits(2));
  const Representation* file = cache.Put(0, "/a", File(1), now_)->resource.original.get();
  ASSERT_NE(cache.Find(0, "/a"), nullptr);
  EXPECT_EQ(cache.Find(0, "/a")->resource.original.get(), file);
  EXPECT_EQ(cache.Find(0, "/b"), nullptr);
}

TEST_F(OpenFileCacheTest, TrustsAYoungFileForASecondOnly) {
  OpenFileCache cache(Limits(2));
  cache.Put(0, "/old", File(1), now_);
  cache.Put(0, "/young", File(1, /*is_in_memory=*/true, /*is_young=*/true), now_);
  const loop::TimePoint later = now_ + seconds(1);
  EXPECT_TRUE(cache.Find(0, "/old")->IsTrusted(later));
  EXPECT_TRUE(cache.Find(0, "/young")->IsTrusted(now_));
  EXPECT_FALSE(cache.Find(0, "/young")->IsTrusted(later));
}

TEST_F(OpenFileCacheTest, TellsOneLocationFromAnother) {
  OpenFileCache cache(Limits(2));
  cache.Put(0, "/a", File(1), now_);
  EXPECT_EQ(cache.Find(1, "/a"), nullptr);
}

TEST_F(OpenFileCacheTest, TrustsAnEntryForItsTime) {
  OpenFileCache cache(Limits(2));
  OpenFileCache::Entry* entry = cache.Put(0, "/a", File(1), now_);
  EXPECT_TRUE(entry->IsTrusted(now_ + seconds(1)));
  EXPECT_FALSE(entry->IsTrusted(now_ + seconds(2)));
  cache.Trust(*entry, now_ + seconds(2));
  EXPECT_TRUE(entry->IsTrusted(now_ + seconds(3)));
}

TEST_F(OpenFileCacheTest, ReplacesAnEntry) {
  OpenFileCache cache(Limits(2));
  cache.Put(0, "/a", File(1), now_);
  cache.Put(0, "/a", File(2), now_);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.Find(0, "/a")->resource.original->size_bytes(), 2u);
}

TEST_F(OpenFileCacheTest, DropsWhatWasNotUsedForLongest) {
  OpenFileCache cache(Limits(2));
  cache.Put(0, "/a", File(1), now_);
  cache.Put(0, "/b", File(1), now_);
  cache.Find(0, "/a");
  cache.Put(0, "/c", File(1), now_);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_NE(cache.Find(0, "/a"), nullptr);
  EXPECT_EQ(cache.Find(0, "/b"), nullptr);
}

TEST_F(OpenFileCacheTest, HasNoMoreMemoryThanItMay) {
  OpenFileCache cache(Limits(kLots, 50'000));
  for (int i = 0; i < 100; ++i) {
    cache.Put(0, absl::StrCat("/", i), File(10'000), now_);
    EXPECT_LE(cache.memory_bytes(), 50'000u);
  }
  EXPECT_EQ(cache.size(), 4u);
}

TEST_F(OpenFileCacheTest, CountsPathsAsMemory) {
  OpenFileCache cache(Limits(kLots, 50'000));
  for (int i = 0; i < 100; ++i) {
    cache.Put(0, absl::StrCat("/", std::string(4'000, 'x'), i), File(0), now_);
  }
  EXPECT_LT(cache.size(), 12u);
}

TEST_F(OpenFileCacheTest, DoesNotKeepWhatIsLargerThanItsMemory) {
  OpenFileCache cache(Limits(2, 50'000));
  cache.Put(0, "/a", File(1), now_);
  EXPECT_EQ(cache.Put(0, "/b", File(60'000), now_)->resource.original->size_bytes(), 60'000u);
  EXPECT_EQ(cache.Find(0, "/b"), nullptr);
  EXPECT_NE(cache.Find(0, "/a"), nullptr);
}

TEST_F(OpenFileCacheTest, HasNoMoreDescriptorsThanEntries) {
  const std::size_t before = CountDescriptors();
  OpenFileCache cache(Limits(5));
  for (int i = 0; i < 100; ++i) {
    cache.Put(0, absl::StrCat("/", i), File(10'000, /*is_in_memory=*/false), now_);
  }
  EXPECT_EQ(CountDescriptors(), before + 5);
}

TEST_F(OpenFileCacheTest, HasNoMoreDescriptorsThanItMay) {
  const std::size_t before = CountDescriptors();
  OpenFileCache cache(Limits(kLots));
  for (int i = 0; i < 100; ++i) {
    cache.Put(0, absl::StrCat("/", i), File(10'000, /*is_in_memory=*/false), now_);
    cache.Put(1, absl::StrCat("/", i), File(1), now_);
  }
  EXPECT_EQ(CountDescriptors(), before + 10);
  EXPECT_LT(cache.size(), 25u);
}

TEST_F(OpenFileCacheTest, ForgetsEverythingOnRequest) {
  const std::size_t before = CountDescriptors();
  OpenFileCache cache(Limits(5));
  cache.Put(0, "/a", File(1, /*is_in_memory=*/false), now_);
  cache.Clear();
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.memory_bytes(), 0u);
  EXPECT_EQ(cache.Find(0, "/a"), nullptr);
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(OpenFileCacheTest, KeepsNothingWithoutEntries) {
  OpenFileCache cache(Limits(0));
  EXPECT_EQ(cache.Put(0, "/a", File(3), now_)->resource.original->size_bytes(), 3u);
  EXPECT_EQ(cache.Find(0, "/a"), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace muster::worker::http
