#ifndef MUSTER_WORKER_ZONE_REQUEST_AT_HAND_H_
#define MUSTER_WORKER_ZONE_REQUEST_AT_HAND_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/worker/zone/shared_text.h"

namespace muster::worker {

// The client of a request, in few words.
struct RequestPeer {
  std::uint16_t family = 0;  // AF_INET, AF_INET6, AF_UNIX; another is not told
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> address = {};  // of AF_INET the first four
};

// The request at which the process in one slot of the registry is, in shared memory. That process
// is the only writer, and the master once that is dead. Zero bytes are a valid start.
// docs/MEMORY_LAYOUT.md has the layout.
//
// A sequence lock: `sequence` is odd while the rest is written. A writer that is killed there
// leaves it odd; then there is no request to be read, which is true as well: nothing was executed
// yet. Readers never wait for it.
struct alignas(ipc::kCacheLineBytes) RequestAtHand {
  // Counts by fours. The two lowest bits: 0 no request, 1 being written, 2 the loop executes it, 3
  // a handler has it and has not answered.
  std::atomic<std::uint64_t> sequence;
  std::atomic<std::uint64_t> began;  // its first byte: CLOCK_MONOTONIC, in nanoseconds
  // From the lowest bit: 16 the peer's family, 16 its port, 8 bytes of the method, 8 bytes of the
  // path, 1 whether the path was cut, 7 bytes of the id, 1 whether the id was cut.
  std::atomic<std::uint64_t> shape;
  std::array<std::atomic<std::uint64_t>, 2> address;
  SharedText<2> method;
  // From the first word on the path, in the last words the id.
  SharedText<25> path;
};

static_assert(sizeof(RequestAtHand) == 256);
static_assert(std::is_standard_layout_v<RequestAtHand>);
static_assert(offsetof(RequestAtHand, began) == 8 && offsetof(RequestAtHand, shape) == 16);
static_assert(offsetof(RequestAtHand, address) == 24 && offsetof(RequestAtHand, method) == 40);
static_assert(offsetof(RequestAtHand, path) == 56);

// Writes the RequestAtHand of this process's slot. For one thread. A call costs a copy of the
// method, of the path and of the id, as far as there is room for them.
class RequestWriter {
 public:
  // Of a longer id the beginning is shown.
  static constexpr std::size_t kMostIdBytes = 64;

  // `record` outlives it.
  explicit RequestWriter(RequestAtHand& record) : record_(&record) {}

  // The loop executes this request from now on, in place of the one before. `path` must not have
  // the query. `id`: empty if it has none. The path has the room that the id leaves. Returns a
  // ticket for the others.
  std::uint64_t Begin(std::chrono::steady_clock::time_point began, const RequestPeer& peer,
                      absl::string_view method, absl::string_view path, absl::string_view id = "");
  // These have no effect if another request has begun since. A handler has it, and the loop goes
  // on.
  void Wait(std::uint64_t ticket) { Become(ticket, 3); }
  // It was executed.
  void End(std::uint64_t ticket) { Become(ticket, 4); }

 private:
  void Become(std::uint64_t ticket, std::uint64_t state) {
    // Relaxed: its own word.
    if (record_->sequence.load(std::memory_order_relaxed) / 4 != ticket / 4) return;
    record_->sequence.store(ticket + state, std::memory_order_release);
  }

  RequestAtHand* record_;
};

// A copy of what a slot shows.
struct RequestShown {
  std::chrono::steady_clock::time_point began;
  bool is_waiting = false;  // for its handler
  // Of valid UTF-8 in one line. A path that was cut ends in "...".
  std::string method;
  std::string path;
  std::string peer;  // "192.0.2.1:4711", "[2001:db8::1]:4711", "unix:"
  std::string id;    // empty: it has none; one that was cut ends in "..."
};

// Nothing: there is none, or none that is not being written. Does not block: it tries a few times.
std::optional<RequestShown> ReadRequest(const RequestAtHand& record);
// For the master when the process is dead, and for the next process. Idempotent.
void ClearRequest(RequestAtHand& record);

// "GET /x for 127.0.0.1:4711", "GET /x for 127.0.0.1:4711 (id 6f1e)".
std::string Describe(const RequestShown& request);

inline std::uint64_t RequestWriter::Begin(std::chrono::steady_clock::time_point began,
                                          const RequestPeer& peer, absl::string_view method,
                                          absl::string_view path, absl::string_view id) {
  RequestAtHand& record = *record_;
  // Relaxed: its own word, and each word that follows is stored with release.
  const std::uint64_t ticket = record.sequence.load(std::memory_order_relaxed) / 4 * 4 + 4;
  record.sequence.store(ticket + 1, std::memory_order_relaxed);
  record.began.store(
      static_cast<std::uint64_t>(std::chrono::nanoseconds(began.time_since_epoch()).count()),
      std::memory_order_release);
  for (std::size_t i = 0; i < 2; ++i) {
    std::uint64_t word;
    std::memcpy(&word, peer.address.data() + 8 * i, 8);
    record.address[i].store(word, std::memory_order_release);
  }
  const std::uint64_t method_bytes = record.method.Store(method);
  const std::uint64_t id_bytes = record.path.StoreLast(id.substr(0, kMostIdBytes));
  const std::uint64_t path_bytes =
      record.path.Store(path.substr(0, record.path.kMostBytes - (id_bytes + 7) / 8 * 8));
  record.shape.store(std::uint64_t{peer.family} | std::uint64_t{peer.port} << 16 |
                         method_bytes << 32 | path_bytes << 40 |
                         std::uint64_t{path_bytes < path.size()} << 48 | id_bytes << 49 |
                         std::uint64_t{id_bytes < id.size()} << 56,
                     std::memory_order_release);
  // Release: pairs with the acquire in ReadRequest. The rest is complete.
  record.sequence.store(ticket + 2, std::memory_order_release);
  return ticket;
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_REQUEST_AT_HAND_H_
