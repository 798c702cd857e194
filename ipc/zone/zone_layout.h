#ifndef MUSTER_IPC_ZONE_ZONE_LAYOUT_H_
#define MUSTER_IPC_ZONE_ZONE_LAYOUT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/zone/object_kind.h"

namespace muster::ipc {

// How a zone lies in its memory:
//
//   ZoneHeader | registry | buckets | opened | entries | objects ...
//
// Everything before the objects has its final size from the beginning; the objects are appended,
// each aligned to 128 bytes at least, and never removed. docs/MEMORY_LAYOUT.md has the table.

// The sizes that a zone is made with. A plain value.
struct ZoneSizes {
  std::uint32_t max_participants = 64;
  std::uint32_t max_objects = 1024;
  std::size_t max_bytes = std::size_t{1} << 30;

  // InvalidArgument names the field.
  absl::Status Check() const;
};

struct alignas(kCacheLineBytes) ZoneHeader {
  enum State : std::uint32_t { kBuilding = 0, kReady = 1 };

  // Written by the creator, and by nobody after kReady.
  std::uint64_t magic;
  std::uint32_t version;
  std::atomic<std::uint32_t> state;
  std::uint64_t abi_hash;
  std::uint64_t instance_id;  // random
  std::uint64_t max_bytes;
  std::uint32_t max_participants;
  std::uint32_t max_objects;

  // Guards what follows, the buckets and the entries, for who changes them.
  MutexState directory_mutex;
  alignas(kCacheLineBytes) std::atomic<std::uint32_t> objects;  // entries that are complete
  // No byte from here on was ever written.
  std::atomic<std::uint64_t> touched_bytes;
};
static_assert(sizeof(ZoneHeader) == 3 * 128);

// An object's line of the directory. Written before `objects` counts it, and never after that.
struct ZoneEntry {
  static constexpr std::size_t kMaxName = 47;
  static constexpr std::size_t kMaxType = 31;

  std::array<char, kMaxName + 1> name;  // with a zero behind it
  std::array<char, kMaxType + 1> type;  // the end of it, if it is longer
  std::uint64_t offset;                 // of its state, from the zone's first byte
  std::uint64_t bytes;
  std::uint32_t kind;     // ObjectKind
  std::uint32_t version;  // of the type; a program refuses another one
  std::uint32_t count;    // as in StateBytes
  std::uint32_t type_hash;
  std::uint32_t next;  // in its bucket: an index plus 1; 0: the last one
  std::uint32_t reserved[3];
};
static_assert(sizeof(ZoneEntry) == 128);

// The parts of a zone's memory. A view: the memory must outlive it and stay where it is. Bounds
// come from a copy of the sizes, which were checked, so nothing in the memory leads out of it.
class ZoneParts {
 public:
  // The number of the first byte of the objects, and so the least size of the memory.
  static std::size_t FrontBytes(const ZoneSizes& sizes);
  // Writes the header, in state kBuilding, into memory that nobody else uses yet.
  static absl::StatusOr<ZoneParts> Create(const SharedMemory& memory, const ZoneSizes& sizes);
  // Checks memory that another process made. The errors name the field that differs.
  static absl::StatusOr<ZoneSizes> CheckHeader(const SharedMemory& memory);
  ZoneParts(std::byte* data, const ZoneSizes& sizes);

  void Publish() const;
  // Stores what the creator wrote into the header again, whatever stands there.
  void Restore(std::uint64_t instance_id) const;

  const ZoneSizes& sizes() const { return sizes_; }
  ZoneHeader& header() const { return *reinterpret_cast<ZoneHeader*>(data_); }
  void* registry() const { return data_ + sizeof(ZoneHeader); }
  std::size_t registry_bytes() const;
  // The heads of the lists of entries, by the hash of their names: an index plus 1.
  absl::Span<std::atomic<std::uint32_t>> buckets() const;
  // A bit for each object that the participant in `slot` has opened, in the order of the entries.
  // Written by that participant only.
  absl::Span<std::atomic<std::uint64_t>> opened(std::uint32_t slot) const;
  absl::Span<ZoneEntry> entries() const;
  // How many entries there are, max_objects at most.
  std::uint32_t objects() const;
  std::byte* data() const { return data_; }

 private:
  void StoreHeader(std::uint64_t instance_id) const;

  std::byte* data_;
  ZoneSizes sizes_;
  std::size_t buckets_offset_;
  std::size_t opened_offset_;
  std::size_t entries_offset_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_LAYOUT_H_
