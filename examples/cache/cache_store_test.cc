#include "muster/examples/cache/cache_store.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {
namespace {

using Mode = CacheStore::Mode;
using Outcome = CacheStore::Outcome;

constexpr std::int64_t kNow = 1'800'000'000;

class CacheStoreTest : public ::testing::Test {
 protected:
  // As another worker has it.
  CacheStore Open() { return *CacheStore::Open(zone_, 2); }
  std::optional<std::string> Get(const std::string& key, std::int64_t now = kNow) {
    std::optional<std::string> value;
    store_.Get(key, now, [&](const CacheItem& item) { value = std::string(item.value); });
    return value;
  }
  std::uint64_t UniqueOf(const std::string& key) {
    std::uint64_t unique = 0;
    store_.Get(key, kNow, [&](const CacheItem& item) { unique = item.unique; });
    return unique;
  }
  Outcome Write(Mode mode, const std::string& key, const std::string& value) {
    return store_.Write(mode, {.key = key, .value = value}, kNow);
  }
  Outcome Set(const std::string& key, const std::string& value) {
    return Write(Mode::kSet, key, value);
  }
  CacheShard& shard(int number) { return **zone_.Get<CacheShard>(absl::StrCat("shard", number)); }

  const worker::testkit::FakeContext context_{R"(zone { name: "cache" size_bytes: 10485760 })"};
  const worker::UserZone& zone_ = **context_.zone("cache");
  CacheStore store_ = Open();
};

TEST_F(CacheStoreTest, HasWhatWasSetLast) {
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Set("a", "1"), Outcome::kStored);
  EXPECT_EQ(Set("a", "two"), Outcome::kStored);
  EXPECT_EQ(Get("a"), "two");
  EXPECT_EQ(Set("a", ""), Outcome::kStored);
  EXPECT_EQ(Get("a"), "");
}

TEST_F(CacheStoreTest, AddsOnlyWhatIsNotThereAndReplacesOnlyWhatIs) {
  EXPECT_EQ(Write(Mode::kReplace, "a", "1"), Outcome::kNotStored);
  EXPECT_EQ(Write(Mode::kAppend, "a", "1"), Outcome::kNotStored);
  EXPECT_EQ(Write(Mode::kPrepend, "a", "1"), Outcome::kNotStored);
  EXPECT_EQ(Write(Mode::kAdd, "a", "1"), Outcome::kStored);
  EXPECT_EQ(Write(Mode::kAdd, "a", "2"), Outcome::kNotStored);
  EXPECT_EQ(Write(Mode::kReplace, "a", "3"), Outcome::kStored);
  EXPECT_EQ(Write(Mode::kAppend, "a", "4"), Outcome::kStored);
  EXPECT_EQ(Write(Mode::kPrepend, "a", "2"), Outcome::kStored);
  EXPECT_EQ(Get("a"), "234");
}

TEST_F(CacheStoreTest, ExchangesWhatNobodyHasChanged) {
  EXPECT_EQ(store_.Write(Mode::kCas, {.key = "a", .value = "1", .unique = 1}, kNow),
            Outcome::kNotFound);
  Set("a", "1");
  const std::uint64_t unique = UniqueOf("a");
  Set("a", "2");
  EXPECT_EQ(store_.Write(Mode::kCas, {.key = "a", .value = "3", .unique = unique}, kNow),
            Outcome::kExists);
  EXPECT_EQ(store_.Write(Mode::kCas, {.key = "a", .value = "3", .unique = UniqueOf("a")}, kNow),
            Outcome::kStored);
  EXPECT_EQ(Get("a"), "3");
}

TEST_F(CacheStoreTest, CountsUpAndDown) {
  using Sign = CacheStore::Sign;
  EXPECT_EQ(store_.Count("n", Sign::kPlus, 1, kNow).first, Outcome::kNotFound);
  Set("n", "18446744073709551615");
  EXPECT_EQ(store_.Count("n", Sign::kPlus, 3, kNow),
            std::make_pair(Outcome::kStored, std::uint64_t{2}));
  EXPECT_EQ(store_.Count("n", Sign::kMinus, 5, kNow),
            std::make_pair(Outcome::kStored, std::uint64_t{0}));
  EXPECT_EQ(Get("n"), "0");
  Set("n", "x");
  EXPECT_EQ(store_.Count("n", Sign::kPlus, 1, kNow).first, Outcome::kNoNumber);
}

TEST_F(CacheStoreTest, ForgetsWhatHasExpired) {
  store_.Write(Mode::kSet, {.key = "a", .value = "1", .expiry = kNow + 10}, kNow);
  EXPECT_EQ(Get("a", kNow + 9), "1");
  EXPECT_EQ(Get("a", kNow + 10), std::nullopt);
  EXPECT_EQ(store_.Touch("a", kNow + 20, kNow + 9), Outcome::kStored);
  EXPECT_EQ(Get("a", kNow + 10), "1");
  EXPECT_EQ(store_.Touch("b", kNow, kNow), Outcome::kNotFound);
}

TEST_F(CacheStoreTest, ForgetsWhatIsErasedOrFlushed) {
  Set("a", "1");
  EXPECT_TRUE(store_.Erase("a", kNow));
  EXPECT_FALSE(store_.Erase("a", kNow));
  EXPECT_EQ(Get("a"), std::nullopt);
  Set("a", "1");
  store_.Flush(kNow, kNow);
  EXPECT_EQ(Get("a"), std::nullopt);
  Set("a", "2");
  EXPECT_EQ(Get("a"), "2") << "written after the flush, in the same second";
  store_.Flush(kNow + 5, kNow);
  EXPECT_EQ(Get("a", kNow + 4), "2");
  EXPECT_EQ(Get("a", kNow + 5), std::nullopt);
}

TEST_F(CacheStoreTest, GivesUpTheOldestForTheNewest) {
  const std::string value(10'000, 'v');
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(Set(absl::StrCat("k", i), value), Outcome::kStored);
  EXPECT_EQ(Get("k0"), std::nullopt);
  EXPECT_EQ(Get("k2999"), value);
  EXPECT_EQ(Get("k2700"), value);
}

TEST_F(CacheStoreTest, KeepsWhatIsRead) {
  const std::string value(10'000, 'v');
  Set("hot", "h");
  for (int i = 0; i < 3000; ++i) {
    Set(absl::StrCat("k", i), value);
    ASSERT_EQ(Get("hot"), "h") << i;
  }
}

TEST_F(CacheStoreTest, RefusesWhatIsTooLargeAndForgetsWhatThatReplaces) {
  Set("a", "1");
  EXPECT_EQ(Set("a", std::string(kMostItemBytes, 'x')), Outcome::kTooLarge);
  EXPECT_EQ(Get("a"), std::nullopt);
  const std::string large(kMostItemBytes - 200, 'x');
  for (int i = 0; i < 9; ++i) ASSERT_EQ(Set("b", large), Outcome::kStored);
  EXPECT_EQ(Get("b"), large);
}

TEST_F(CacheStoreTest, IsTheSameForEachWorker) {
  Set("a", "1");
  CacheStore other = Open();
  std::string value;
  EXPECT_TRUE(
      other.Get("a", kNow, [&](const CacheItem& item) { value = std::string(item.value); }));
  EXPECT_EQ(value, "1");
  EXPECT_EQ(other.totals().hits, 1u);
}

TEST_F(CacheStoreTest, ReadsNothingOutsideOfADamagedShard) {
  for (int i = 0; i < 100; ++i) Set(absl::StrCat("k", i), "v");
  for (int number = 0; number < 2; ++number) {
    CacheShard& damaged = shard(number);
    damaged.head = ~0ULL - 5;
    damaged.tail = 0;
    std::uint64_t position = 3;
    for (auto& bucket : damaged.ways) {
      for (std::uint64_t& way : bucket) way = position *= 31;
    }
    for (std::size_t i = 0; i < CacheShard::kLogBytes; ++i) {
      damaged.log[i] = static_cast<char>(i * 7 + i / 251);
    }
  }
  for (int i = 0; i < 2000; ++i) {
    Get(absl::StrCat("k", i));
    Set(absl::StrCat("k", i), "v");
  }
}

}  // namespace
}  // namespace muster::examples
