#include "muster/worker/metrics/metrics_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/zone/directory.h"

namespace muster::worker {
namespace {

// Of the table, and of the mutex that guards its directory.
constexpr absl::string_view kTable = "table";
// For the mutex, and for what alignment costs.
constexpr std::uint64_t kBesideTheTable = 1024;

constexpr std::size_t kTextBytes = 872;
static_assert(kTextBytes >= MetricSpec::kMostNameBytes + MetricSpec::kMostHelpBytes +
                                MetricSpec::kMostLabelBytes);

std::size_t LineBytes(std::uint32_t max_series) {
  const std::size_t bytes = (std::size_t{max_series} + 1) * sizeof(MetricsTable::Word);
  return (bytes + ipc::kCacheLineBytes - 1) / ipc::kCacheLineBytes * ipc::kCacheLineBytes;
}

std::string Packed(const MetricLabels& labels) {
  std::string packed;
  for (const auto& [name, value] : labels) {
    packed.push_back(static_cast<char>(name.size()));
    packed.push_back(static_cast<char>(value.size()));
    absl::StrAppend(&packed, name, value);
  }
  return packed;
}

std::optional<MetricLabels> Unpacked(absl::string_view packed) {
  MetricLabels labels;
  while (!packed.empty()) {
    if (packed.size() < 2) return std::nullopt;
    const std::size_t name_bytes = static_cast<unsigned char>(packed[0]);
    const std::size_t value_bytes = static_cast<unsigned char>(packed[1]);
    packed.remove_prefix(2);
    if (packed.size() < name_bytes + value_bytes) return std::nullopt;
    labels.emplace_back(packed.substr(0, name_bytes), packed.substr(name_bytes, value_bytes));
    packed.remove_prefix(name_bytes + value_bytes);
  }
  return labels;
}

}  // namespace

struct alignas(ipc::kCacheLineBytes) MetricsTable::Front {
  // Entries that are complete. Written by whoever adds; release, so that who reads it sees them.
  std::atomic<std::uint32_t> entries;
  // One more than the highest slot that was used. Written by processes that register their first.
  std::atomic<std::uint32_t> slots;
};

// Written before it is counted, and never after that.
struct alignas(ipc::kCacheLineBytes) MetricsTable::Entry {
  std::uint32_t type;
  std::uint32_t first_word;
  std::uint32_t bounds_size;
  std::uint16_t name_bytes;
  std::uint16_t help_bytes;
  std::uint16_t labels_bytes;
  double bounds[MetricSpec::kMostBounds];
  char text[kTextBytes];  // name, help and labels, one behind the other
};

std::size_t MetricsTable::BytesFor(std::uint32_t max_series) {
  static_assert(sizeof(Front) == ipc::kCacheLineBytes && sizeof(Entry) == 1152);
  static_assert(std::is_standard_layout_v<Entry> && offsetof(Entry, bounds) == 24);
  return sizeof(Front) + max_series * sizeof(Entry) + kSlots * LineBytes(max_series);
}

std::uint64_t MetricsTable::ZoneBytesFor(std::uint32_t max_series) {
  return BytesFor(max_series) + kBesideTheTable;
}

std::optional<MetricsTable> MetricsTable::Find(const UserZone& zone) {
  using Object = ipc::ZoneObject<MetricsTable>;
  for (const absl::StatusOr<ipc::ObjectView>& object : zone.zone().List()) {
    if (!object.ok() || object->name != kTable) continue;
    const bool is_table = object->kind == ipc::ObjectKind::kPlain &&
                          object->type == Object::kType && object->version == Object::kVersion &&
                          object->count > 0 && object->bytes == BytesFor(object->count);
    if (is_table) return MetricsTable(object->state, object->count);
  }
  return std::nullopt;
}

MetricsTable::Front& MetricsTable::front() const {
  return *std::launder(reinterpret_cast<Front*>(memory_));
}

MetricsTable::Entry& MetricsTable::entry(std::uint32_t index) const {
  return *std::launder(reinterpret_cast<Entry*>(memory_ + sizeof(Front) + index * sizeof(Entry)));
}

std::byte* MetricsTable::line(std::uint32_t slot) const {
  MUSTER_CHECK(slot < kSlots, "a slot is below the table's");
  return memory_ + sizeof(Front) + max_series_ * sizeof(Entry) + slot * LineBytes(max_series_);
}

std::uint32_t MetricsTable::slots_used() const {
  // Relaxed: it says nothing about other memory.
  return std::min(front().slots.load(std::memory_order_relaxed), kSlots);
}

void MetricsTable::Use(std::uint32_t slot) const {
  std::uint32_t used = front().slots.load(std::memory_order_relaxed);
  while (used <= slot &&
         !front().slots.compare_exchange_weak(used, slot + 1, std::memory_order_relaxed)) {
  }
}

MetricsTable::Word& MetricsTable::stamp(std::uint32_t slot) const {
  return *std::launder(reinterpret_cast<Word*>(line(slot)));
}

MetricsTable::Word& MetricsTable::word(std::uint32_t slot, std::uint32_t word) const {
  MUSTER_CHECK(word < max_series_, "a word is below the table's");
  return *std::launder(reinterpret_cast<Word*>(line(slot)) + 1 + word);
}

std::uint64_t MetricsTable::StampOf(ipc::OwnerTag tag, std::uint64_t zone_instance_id) {
  return zone_instance_id << 32 | tag.bits();
}

std::uint32_t MetricsTable::size() const {
  // Acquire: pairs with the release in Add.
  return std::min(front().entries.load(std::memory_order_acquire), max_series_);
}

std::optional<MetricRecord> MetricsTable::Read(std::uint32_t index) const {
  Entry copy;
  std::memcpy(&copy, &entry(index), sizeof(copy));
  // What is checked is what is used: the compiler reads no word a second time.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (copy.type < 1 || copy.type > 3 || copy.bounds_size > MetricSpec::kMostBounds ||
      std::size_t{copy.name_bytes} + copy.help_bytes + copy.labels_bytes > kTextBytes) {
    return std::nullopt;
  }
  const absl::string_view text(copy.text, sizeof(copy.text));
  auto labels = Unpacked(text.substr(copy.name_bytes + copy.help_bytes, copy.labels_bytes));
  if (!labels.has_value()) return std::nullopt;
  MetricRecord record;
  record.spec.type = static_cast<MetricType>(copy.type);
  record.spec.name = std::string(text.substr(0, copy.name_bytes));
  record.spec.help = std::string(text.substr(copy.name_bytes, copy.help_bytes));
  record.spec.labels = *std::move(labels);
  record.spec.bounds.assign(copy.bounds, copy.bounds + copy.bounds_size);
  record.first_word = copy.first_word;
  if (!CheckMetric(record.spec).ok()) return std::nullopt;
  const std::size_t words = record.spec.words();
  if (words > max_series_ || record.first_word > max_series_ - words) return std::nullopt;
  return record;
}

absl::StatusOr<MetricRecord> MetricsTable::Add(const MetricSpec& spec,
                                               std::uint32_t first_word) const {
  const std::uint32_t taken = std::min(first_word, max_series_);
  const std::uint32_t index = size();
  if (index >= max_series_ || spec.words() > max_series_ - taken) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "metric \"", spec.name, "\": there is no room for ", spec.words(), " more series: ",
        std::max(taken, index), " of metrics.max_series, which is ", max_series_, ", are taken"));
  }
  Entry& made = entry(index);
  made.type = static_cast<std::uint32_t>(spec.type);
  made.first_word = taken;
  made.bounds_size = static_cast<std::uint32_t>(spec.bounds.size());
  std::copy(spec.bounds.begin(), spec.bounds.end(), made.bounds);
  const std::string labels = Packed(spec.labels);
  made.name_bytes = static_cast<std::uint16_t>(spec.name.size());
  made.help_bytes = static_cast<std::uint16_t>(spec.help.size());
  made.labels_bytes = static_cast<std::uint16_t>(labels.size());
  char* end = std::copy(spec.name.begin(), spec.name.end(), made.text);
  end = std::copy(spec.help.begin(), spec.help.end(), end);
  std::copy(labels.begin(), labels.end(), end);
  // Release: who sees the number sees the entry. Who dies before this leaves nothing.
  front().entries.store(index + 1, std::memory_order_release);
  return MetricRecord{.spec = spec, .first_word = taken};
}

namespace {

// Flipped, the bits of this value, which is no number, are zero.
constexpr std::uint64_t kNoValue =
    std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN());

}  // namespace

std::uint64_t GaugeWord(double value) { return std::bit_cast<std::uint64_t>(value) ^ kNoValue; }

std::optional<double> GaugeValue(std::uint64_t word) {
  const auto value = std::bit_cast<double>(word ^ kNoValue);
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace muster::worker
