#ifndef MUSTER_WORKER_ZONE_SHARED_TEXT_H_
#define MUSTER_WORKER_ZONE_SHARED_TEXT_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker {

// Bytes in words of shared memory, with one writer. It has neither a length nor a version: what it
// is part of has both, so that readers see whether they got a mix of two texts. All bytes zero is a
// valid start.
//
// Each word is stored with release and loaded with acquire. So a reader that gets a word of a newer
// text finds the newer version afterwards, if the writer changed that before (ipc/lock/latch.h).
template <std::size_t kWordCount>
class SharedText {
 public:
  static constexpr std::size_t kMostBytes = 8 * kWordCount;

  // For the writer. Stores the first kMostBytes, and nothing beyond the text's last word. Returns
  // how many bytes it stored.
  std::size_t Store(absl::string_view text) {
    const std::size_t bytes = std::min(text.size(), kMostBytes);
    std::size_t stored = 0;
    for (; stored + 8 <= bytes; stored += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + stored, 8);
      words_[stored / 8].store(word, std::memory_order_release);
    }
    if (stored < bytes) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + stored, bytes - stored);
      words_[stored / 8].store(word, std::memory_order_release);
    }
    return bytes;
  }

  // The first `bytes`, at most kMostBytes.
  std::string Load(std::size_t bytes) const {
    std::string text(std::min(bytes, kMostBytes), '\0');
    for (std::size_t at = 0; at < text.size(); at += 8) {
      const std::uint64_t word = words_[at / 8].load(std::memory_order_acquire);
      std::memcpy(text.data() + at, &word, std::min<std::size_t>(8, text.size() - at));
    }
    return text;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kWordCount> words_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SHARED_TEXT_H_
