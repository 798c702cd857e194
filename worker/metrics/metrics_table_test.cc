#include "muster/worker/metrics/metrics_table.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "muster/worker/metrics/metrics_fixture.h"

namespace muster::worker {
namespace {

// What any worker can do to the memory.
class MetricsTableTest : public MetricsFixture {
 protected:
  void SetUp() override {
    worker_ = Start();
    ASSERT_TRUE(worker_->metrics.Counter("a_total", "help", {{"op", "get"}}).ok());
    ASSERT_TRUE(worker_->metrics.Gauge("b", "").ok());
    ASSERT_TRUE(worker_->metrics.Histogram("c", "", {1, 2}).ok());
    for (const auto& object : zone_.zone().List()) {
      if (object->name == "table") memory_ = {object->state, object->bytes};
    }
    ASSERT_EQ(memory_.size(), MetricsTable::BytesFor(kMaxSeries));
  }
  // Of the directory.
  static constexpr std::size_t kEntries = 128;
  static constexpr std::size_t kEntryBytes = 1152;
  std::byte* Entry(std::size_t index) { return memory_.data() + kEntries + index * kEntryBytes; }
  template <typename T>
  void Write(std::size_t entry, std::size_t offset, T value) {
    std::memcpy(Entry(entry) + offset, &value, sizeof(value));
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const admin::v1::Metric& metric : Read()) names.push_back(metric.name());
    return names;
  }

  std::unique_ptr<Worker> worker_;
  absl::Span<std::byte> memory_;
};

using Names_ = std::vector<std::string>;

TEST_F(MetricsTableTest, HasTheSeriesInTheOrderOfTheirRegistration) {
  const MetricsTable table = *MetricsTable::Find(zone_);
  EXPECT_EQ(table.max_series(), kMaxSeries);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table.Read(0)->spec.name, "a_total");
  EXPECT_EQ(table.Read(0)->first_word, 0u);
  EXPECT_EQ(table.Read(1)->first_word, 1u);
  EXPECT_EQ(table.Read(2)->first_word, 2u);
  EXPECT_EQ(table.Read(2)->spec.bounds, (std::vector<double>{1, 2}));
}

TEST_F(MetricsTableTest, LeavesOutWhatIsNotWithinTheTable) {
  Write<std::uint32_t>(0, 4, kMaxSeries);  // its first word
  EXPECT_EQ(Names(), (Names_{"b", "c"}));
  Write<std::uint32_t>(2, 4, std::numeric_limits<std::uint32_t>::max() - 1);
  EXPECT_EQ(Names(), (Names_{"b"}));
}

TEST_F(MetricsTableTest, LeavesOutWhatIsNoMetric) {
  Write<std::uint32_t>(0, 0, 4);  // its type
  EXPECT_EQ(Names(), (Names_{"b", "c"}));
  Write<char>(1, 280, '\n');  // its name
  EXPECT_EQ(Names(), (Names_{"c"}));
  Write<double>(2, 24, std::numeric_limits<double>::quiet_NaN());  // a bound
  EXPECT_EQ(Names(), (Names_{}));
}

TEST_F(MetricsTableTest, LeavesOutLabelsAndLengthsThatDoNotFit) {
  Write<std::uint16_t>(0, 16, 1);  // bytes of its labels
  EXPECT_EQ(Names(), (Names_{"b", "c"}));
  Write<std::uint16_t>(1, 12, 60000);  // bytes of its name
  EXPECT_EQ(Names(), (Names_{"c"}));
  Write<std::uint32_t>(2, 8, 33);  // bounds
  EXPECT_EQ(Names(), (Names_{}));
}

TEST_F(MetricsTableTest, LeavesOutWhatIsThereTwiceOrIsNotLikeTheOthers) {
  std::memcpy(Entry(1), Entry(0), kEntryBytes);
  ASSERT_EQ(Names(), (Names_{"a_total", "c"}));
  EXPECT_EQ(Read()[0].series_size(), 1);
  std::memcpy(Entry(1), Entry(2), kEntryBytes);
  Write<double>(1, 24, 0.5);
  EXPECT_EQ(Read()[1].series_size(), 1);
}

TEST_F(MetricsTableTest, LeavesOutTheSameLabelsInAnotherOrder) {
  ASSERT_TRUE(worker_->metrics.Counter("d_total", "", {{"x", "1"}, {"y", "2"}}).ok());
  ASSERT_TRUE(worker_->metrics.Counter("d_total", "", {{"x", "3"}, {"y", "4"}}).ok());
  std::byte* const labels = Entry(4) + 280 + std::strlen("d_total");
  ASSERT_EQ(std::memcmp(labels, "\1\1x3\1\1y4", 8), 0);
  std::memcpy(labels, "\1\1y2\1\1x1", 8);
  EXPECT_EQ(Read().at(3).series_size(), 1);
}

TEST_F(MetricsTableTest, HasNoMoreEntriesThanThereIsRoomFor) {
  const std::uint32_t many = 4'000'000'000;
  std::memcpy(memory_.data(), &many, sizeof(many));
  EXPECT_EQ(MetricsTable::Find(zone_)->size(), kMaxSeries);
  EXPECT_EQ(Names(), (Names_{"a_total", "b", "c"}));
  EXPECT_FALSE(worker_->metrics.Gauge("d", "").ok());
}

TEST_F(MetricsTableTest, HasNoMoreSlotsThanThereAre) {
  worker_->metrics.Counter("a_total", "", {{"op", "get"}})->Add(3);
  const std::uint32_t many = 4'000'000'000;
  std::memcpy(memory_.data() + 4, &many, sizeof(many));
  EXPECT_EQ(MetricsTable::Find(zone_)->slots_used(), MetricsTable::kSlots);
  EXPECT_EQ(Total("a_total"), 3u);
}

TEST_F(MetricsTableTest, HasNumbersWhateverIsInItsWords) {
  std::memset(memory_.data() + kEntries + kMaxSeries * kEntryBytes, 0xff,
              memory_.size() - kEntries - kMaxSeries * kEntryBytes);
  for (const admin::v1::Metric& metric : Read()) {
    for (const admin::v1::MetricSeries& series : metric.series()) {
      EXPECT_EQ(series.total(), 0u);
      EXPECT_EQ(series.histogram().sum(), 0);
      EXPECT_EQ(series.histogram().count(), 0u);
    }
  }
}

TEST_F(MetricsTableTest, HasASumAgainAfterOneThatWasNone) {
  const MetricHistogram histogram = *worker_->metrics.Histogram("c", "", {1, 2});
  const MetricsTable table = *MetricsTable::Find(zone_);
  // The last word of it.
  table.word(worker_->tag.slot(), table.Read(2)->first_word + 3)
      .store(std::bit_cast<std::uint64_t>(-std::numeric_limits<double>::infinity()));
  histogram.Observe(1.5);
  EXPECT_EQ(Read().at(2).series(0).histogram().sum(), 1.5);
}

TEST_F(MetricsTableTest, CanBeReadWhateverIsInIt) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    // The first bytes of entries, where the lengths are, and any others.
    for (int i = 0; i < 40; ++i) {
      const std::size_t entry = random() % 4;
      Entry(entry)[i % 2 == 0 ? random() % 24 : random() % kEntryBytes] =
          static_cast<std::byte>(random());
    }
    const std::uint32_t entries = random() % 5;
    std::memcpy(memory_.data(), &entries, sizeof(entries));
    std::set<std::string> names;
    for (const admin::v1::Metric& metric : Read()) {
      EXPECT_TRUE(names.insert(metric.name()).second);
      EXPECT_FALSE(metric.SerializeAsString().empty());
    }
    (void)worker_->metrics.Gauge("d", "");
  }
}

TEST_F(MetricsTableTest, IsNotFoundInAZoneThatHasNone) {
  const UserZone other = *UserZone::Create("other", 4096);
  EXPECT_FALSE(MetricsTable::Find(other).has_value());
}

TEST(GaugeWord, OfNewMemoryHasNoValue) {
  EXPECT_EQ(GaugeValue(0), std::nullopt);
  EXPECT_EQ(GaugeValue(GaugeWord(0)), 0.0);
  EXPECT_EQ(GaugeValue(GaugeWord(-1.5)), -1.5);
  EXPECT_EQ(GaugeValue(GaugeWord(std::numeric_limits<double>::infinity())), std::nullopt);
}

}  // namespace
}  // namespace muster::worker
