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
    StoreAt(0, text.substr(0, bytes));
    return bytes;
  }
  // The same in the last words, for a second text behind the first.
  std::size_t StoreLast(absl::string_view text) {
    const std::size_t bytes = std::min(text.size(), kMostBytes);
    StoreAt(FirstOfLast(bytes), text.substr(0, bytes));
    return bytes;
  }

  // The first `bytes`, at most kMostBytes.
  std::string Load(std::size_t bytes) const { return LoadAt(0, std::min(bytes, kMostBytes)); }
  // What StoreLast has stored.
  std::string LoadLast(std::size_t bytes) const {
    bytes = std::min(bytes, kMostBytes);
    return LoadAt(FirstOfLast(bytes), bytes);
  }

 private:
  static std::size_t FirstOfLast(std::size_t bytes) { return kWordCount - (bytes + 7) / 8; }

  void StoreAt(std::size_t word_index, absl::string_view text) {
    std::size_t stored = 0;
    for (; stored + 8 <= text.size(); stored += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + stored, 8);
      words_[word_index++].store(word, std::memory_order_release);
    }
    if (stored < text.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + stored, text.size() - stored);
      words_[word_index].store(word, std::memory_order_release);
    }
  }
  std::string LoadAt(std::size_t word_index, std::size_t bytes) const {
    std::string text(bytes, '\0');
    for (std::size_t at = 0; at < bytes; at += 8) {
      const std::uint64_t word = words_[word_index++].load(std::memory_order_acquire);
      std::memcpy(text.data() + at, &word, std::min<std::size_t>(8, bytes - at));
    }
    return text;
  }

  std::array<std::atomic<std::uint64_t>, kWordCount> words_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_SHARED_TEXT_H_
