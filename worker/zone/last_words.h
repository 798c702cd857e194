#ifndef MUSTER_WORKER_ZONE_LAST_WORDS_H_
#define MUSTER_WORKER_ZONE_LAST_WORDS_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/worker/zone/shared_text.h"

namespace muster::worker {

// Why a process of one slot of the registry ended by itself, as far as it could say, in shared
// memory. The slot's process is the only writer. What it wrote stays until another process of the
// slot has something to say. Zero bytes are a valid start. docs/MEMORY_LAYOUT.md has the layout.
struct alignas(ipc::kCacheLineBytes) LastWords {
  // Of the text; 0: nothing was said. Stored last.
  std::atomic<std::uint64_t> bytes;
  std::atomic<std::uint64_t> who;   // the owner tag; in the upper half, the pid
  std::atomic<std::uint64_t> time;  // CLOCK_REALTIME, in nanoseconds
  SharedText<29> text;
};

static_assert(sizeof(LastWords) == 256);
static_assert(std::is_standard_layout_v<LastWords>);
static_assert(offsetof(LastWords, who) == 8 && offsetof(LastWords, time) == 16);
static_assert(offsetof(LastWords, text) == 24);

// Writes them, in place of those before. Of a longer text the beginning is kept. For one thread of
// the slot's process. Neither allocates memory nor waits, so it may be called where a process
// fails.
void SayLastWords(LastWords& words, ipc::OwnerTag tag, pid_t pid, absl::string_view text);

// A copy.
struct LastWordsShown {
  ipc::OwnerTag tag;  // of the process that said it
  pid_t pid = 0;
  std::chrono::nanoseconds time{};  // since the epoch of 1970
  std::string text;                 // valid UTF-8 in one line; cut ones end in "..."
};

// Nothing: there are none, or they are being written. Does not block.
std::optional<LastWordsShown> ReadLastWords(const LastWords& words);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_LAST_WORDS_H_
