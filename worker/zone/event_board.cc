#include "muster/worker/zone/event_board.h"

#include <algorithm>
#include <utility>

#include "muster/log/printable.h"

namespace muster::worker {
namespace {

constexpr std::size_t kTextRoom = decltype(EventEntry::text)::kMostBytes;
// What is escaped becomes longer.
constexpr std::size_t kMostShownBytes = 256;

std::optional<ZoneEvent> Read(const EventEntry& entry) {
  ZoneEvent event;
  event.sequence = entry.sequence.load(std::memory_order_acquire);
  if (event.sequence == 0) return std::nullopt;
  constexpr std::uint64_t kLatest = INT64_MAX;
  event.time = std::chrono::nanoseconds(
      static_cast<std::int64_t>(std::min(entry.time.load(std::memory_order_acquire), kLatest)));
  event.generation = entry.generation.load(std::memory_order_acquire);
  const std::uint64_t shape = entry.shape.load(std::memory_order_acquire);
  const std::uint64_t worker = entry.worker.load(std::memory_order_acquire);
  event.text = entry.text.Load(shape >> 16 & 0xff);
  // Relaxed: the acquire loads keep it after the words. An entry is written with another number
  // each time.
  if (entry.sequence.load(std::memory_order_relaxed) != event.sequence) return std::nullopt;
  event.kind = static_cast<std::uint32_t>(shape & 0xffff);
  if ((shape >> 25 & 1) != 0) {
    event.worker = static_cast<std::uint32_t>(worker);
    event.pid = std::max(static_cast<pid_t>(worker >> 32), 0);
  }
  event.text = log::Printable(event.text);
  if ((shape >> 24 & 1) != 0) event.text += "...";
  log::CutLine(event.text, kMostShownBytes);
  return event;
}

// Most words are as they were: readers of the entry need not get its lines again.
void Keep(std::atomic<std::uint64_t>& word, std::uint64_t value) {
  if (word.load(std::memory_order_relaxed) != value) word.store(value, std::memory_order_release);
}

std::uint64_t ShapeOf(const ZoneEvent& event) {
  const std::size_t bytes = std::min(event.text.size(), kTextRoom);
  return (event.kind & 0xffff) | bytes << 16 | std::uint64_t{bytes < event.text.size()} << 24 |
         std::uint64_t{event.worker.has_value()} << 25;
}

std::uint64_t WorkerOf(const ZoneEvent& event) {
  return std::uint64_t{event.worker.value_or(0)} |
         std::uint64_t{static_cast<std::uint32_t>(event.pid)} << 32;
}

}  // namespace

void EventWriter::Add(ZoneEvent event) {
  event.sequence = ++last_;
  // Up to the first line's end: the rest is details.
  event.text.resize(std::min(event.text.find('\n'), event.text.size()));
  const std::size_t place = last_ % kEventEntries;
  written_[place] = std::move(event);
  Store(board_->entries[place], written_[place]);
}

void EventWriter::Store(EventEntry& entry, const ZoneEvent& event) {
  // First: pairs with the second load in Read, since what follows is stored with release.
  entry.sequence.store(0, std::memory_order_relaxed);
  entry.time.store(static_cast<std::uint64_t>(event.time.count()), std::memory_order_release);
  entry.generation.store(event.generation, std::memory_order_release);
  entry.shape.store(ShapeOf(event), std::memory_order_release);
  entry.worker.store(WorkerOf(event), std::memory_order_release);
  entry.text.Store(event.text);
  // Release: pairs with the acquire in Read. The rest is complete.
  entry.sequence.store(event.sequence, std::memory_order_release);
}

void EventWriter::Restore() {
  for (std::size_t i = 0; i < kEventEntries; ++i) {
    EventEntry& entry = board_->entries[i];
    const ZoneEvent& event = written_[i];
    const std::size_t bytes = std::min(event.text.size(), kTextRoom);
    Keep(entry.time, static_cast<std::uint64_t>(event.time.count()));
    Keep(entry.generation, event.generation);
    Keep(entry.shape, event.sequence == 0 ? 0 : ShapeOf(event));
    Keep(entry.worker, WorkerOf(event));
    if (entry.text.Load(bytes) != event.text.substr(0, bytes)) entry.text.Store(event.text);
    Keep(entry.sequence, event.sequence);
  }
}

std::vector<ZoneEvent> EventWriter::written() const {
  std::vector<ZoneEvent> events;
  const std::uint64_t first = last_ < kEventEntries ? 1 : last_ - kEventEntries + 1;
  for (std::uint64_t number = first; number <= last_; ++number) {
    events.push_back(written_[number % kEventEntries]);
  }
  return events;
}

bool EventWriter::Resume(std::vector<ZoneEvent> written, std::uint64_t last) {
  if (written.size() != std::min<std::uint64_t>(last, kEventEntries)) return false;
  std::uint64_t number = last - written.size();
  for (const ZoneEvent& event : written) {
    if (event.sequence != ++number) return false;
  }
  last_ = last;
  for (ZoneEvent& event : written) written_[event.sequence % kEventEntries] = std::move(event);
  return true;
}

std::vector<ZoneEvent> ReadEvents(const EventBoard& board) {
  std::vector<ZoneEvent> events;
  for (const EventEntry& entry : board.entries) {
    if (std::optional<ZoneEvent> event = Read(entry)) events.push_back(*std::move(event));
  }
  std::sort(events.begin(), events.end(),
            [](const ZoneEvent& a, const ZoneEvent& b) { return a.sequence < b.sequence; });
  return events;
}

}  // namespace muster::worker
