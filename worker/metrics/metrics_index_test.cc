#include "muster/worker/metrics/metrics_index.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/worker/metrics/metrics_fixture.h"

namespace muster::worker {
namespace {

MetricSpec Counter(std::string name, MetricLabels labels = {}) {
  return {.name = std::move(name), .help = "", .labels = std::move(labels)};
}

// The series that a worker has registered, which is another participant's view of the memory.
class MetricsIndexTest : public MetricsFixture {
 protected:
  void SetUp() override {
    worker_ = Start();
    ASSERT_TRUE(worker_->metrics.Counter("a_total", "help", {{"op", "get"}}).ok());
    ASSERT_TRUE(worker_->metrics.Histogram("h", "", {1, 2}).ok());
    table_.emplace(*MetricsTable::Find(zone_));
    for (const auto& object : zone_.zone().List()) {
      if (object->name == "table") memory_ = object->state;
    }
    index_.CatchUp(*table_);
  }
  // The words of an entry, by its place in the directory.
  void SetType(std::size_t entry, std::uint32_t type) {
    std::memcpy(memory_ + 128 + entry * 1152, &type, sizeof(type));
  }

  std::unique_ptr<Worker> worker_;
  std::optional<MetricsTable> table_;
  std::byte* memory_ = nullptr;
  MetricsIndex index_;
};

TEST_F(MetricsIndexTest, FindsWhatIsThereByNameAndLabels) {
  EXPECT_EQ(index_.Find(Counter("a_total", {{"op", "get"}}))->first_word, 0u);
  EXPECT_TRUE(absl::IsNotFound(index_.Find(Counter("a_total")).status()));
  EXPECT_TRUE(absl::IsNotFound(index_.Find(Counter("b_total", {{"op", "get"}})).status()));
  const MetricSpec histogram = {
      .type = MetricType::kHistogram, .name = "h", .help = "other help", .bounds = {1, 2}};
  EXPECT_EQ(index_.Find(histogram)->first_word, 1u);
  EXPECT_EQ(index_.words_taken(), 5u);
}

TEST_F(MetricsIndexTest, FindsWhatWasAddedSince) {
  ASSERT_TRUE(worker_->metrics.Counter("b_total", "").ok());
  EXPECT_TRUE(absl::IsNotFound(index_.Find(Counter("b_total")).status()));
  index_.CatchUp(*table_);
  EXPECT_EQ(index_.Find(Counter("b_total"))->first_word, 5u);
  EXPECT_EQ(index_.words_taken(), 6u);
}

// So a registration does not take longer the more series there are.
TEST_F(MetricsIndexTest, ReadsEachEntryOnce) {
  SetType(0, 77);
  ASSERT_FALSE(table_->Read(0).has_value());
  ASSERT_TRUE(worker_->metrics.Counter("b_total", "").ok());
  index_.CatchUp(*table_);
  EXPECT_EQ(index_.Find(Counter("a_total", {{"op", "get"}}))->first_word, 0u);
  // As the worker's own does.
  EXPECT_TRUE(worker_->metrics.Counter("a_total", "", {{"op", "get"}}).ok());
  EXPECT_EQ(table_->size(), 3u);
}

TEST_F(MetricsIndexTest, LeavesOutWhatIsDamagedWhenItIsRead) {
  SetType(0, 77);
  MetricsIndex later;
  later.CatchUp(*table_);
  EXPECT_TRUE(absl::IsNotFound(later.Find(Counter("a_total", {{"op", "get"}})).status()));
  EXPECT_EQ(later.words_taken(), 5u);
}

TEST_F(MetricsIndexTest, ReadsAllAgainWhenThereIsLessThanItHasRead) {
  std::uint32_t entries = 0;
  std::memcpy(memory_, &entries, sizeof(entries));
  index_.CatchUp(*table_);
  EXPECT_TRUE(absl::IsNotFound(index_.Find(Counter("a_total", {{"op", "get"}})).status()));
  EXPECT_EQ(index_.words_taken(), 0u);
  entries = 2;
  std::memcpy(memory_, &entries, sizeof(entries));
  index_.CatchUp(*table_);
  EXPECT_TRUE(index_.Find(Counter("a_total", {{"op", "get"}})).ok());
}

}  // namespace
}  // namespace muster::worker
