#ifndef MUSTER_WORKER_ZONE_EVENT_BOARD_H_
#define MUSTER_WORKER_ZONE_EVENT_BOARD_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/worker/zone/shared_text.h"

namespace muster::worker {

// One of the last events of the master, in shared memory. The master is the only writer. Zero bytes
// are a valid start. docs/MEMORY_LAYOUT.md has the layout.
struct EventEntry {
  // The event's number, counted up from 1; 0: none, or it is being written. Stored last.
  std::atomic<std::uint64_t> sequence;
  std::atomic<std::uint64_t> time;  // CLOCK_REALTIME, in nanoseconds
  std::atomic<std::uint64_t> generation;
  // From the lowest bit: 16 the kind, 8 bytes of the text, 1 whether it was cut, 1 whether it is of
  // a worker.
  std::atomic<std::uint64_t> shape;
  std::atomic<std::uint64_t> worker;  // its number; in the upper half, the pid
  SharedText<27> text;
};

static_assert(sizeof(EventEntry) == 256);
static_assert(std::is_standard_layout_v<EventEntry>);
static_assert(offsetof(EventEntry, time) == 8 && offsetof(EventEntry, generation) == 16);
static_assert(offsetof(EventEntry, shape) == 24 && offsetof(EventEntry, worker) == 32);
static_assert(offsetof(EventEntry, text) == 40);

// The event with number N is in the entry N modulo 64.
inline constexpr std::size_t kEventEntries = 64;
struct alignas(ipc::kCacheLineBytes) EventBoard {
  EventEntry entries[kEventEntries];
};
static_assert(sizeof(EventBoard) == 256 * kEventEntries);

struct ZoneEvent {
  std::uint64_t sequence = 0;
  std::chrono::nanoseconds time{};        // since the epoch of 1970
  std::uint32_t kind = 0;                 // below 2^16; as admin.v1.Event.Kind in proto/event.proto
  std::uint64_t generation = 0;           // 0: of none
  std::optional<std::uint32_t> worker{};  // its number
  pid_t pid = 0;                          // 0: of no process
  std::string text{};

  friend bool operator==(const ZoneEvent&, const ZoneEvent&) = default;
};

// Writes the events of the master. In one thread.
class EventWriter {
 public:
  // `board` outlives it, and has no events, or those of Resume.
  explicit EventWriter(EventBoard& board) : board_(&board) {}

  // In place of the oldest one, if there are kEventEntries. Gives it its number.
  void Add(ZoneEvent event);
  // Stores again what somebody else changed.
  void Restore();

  // Those that the board has, the oldest first: for the program that replaces this one.
  std::vector<ZoneEvent> written() const;
  // Goes on in that program, where the board has these, and `last` is the number of the last one.
  // Before the first Add. Stores nothing. False: their numbers are not the last ones up to `last`.
  bool Resume(std::vector<ZoneEvent> written, std::uint64_t last);

 private:
  static void Store(EventEntry& entry, const ZoneEvent& event);

  EventBoard* board_;
  std::uint64_t last_ = 0;
  std::array<ZoneEvent, kEventEntries> written_;
};

// Those that are there and are not being written, in the order of their numbers. The text is valid
// UTF-8 in one line; one that was cut ends in "...". Does not block.
std::vector<ZoneEvent> ReadEvents(const EventBoard& board);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_EVENT_BOARD_H_
