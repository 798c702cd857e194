#include "muster/worker/zone/last_words.h"

#include <algorithm>
#include <ctime>

#include "muster/log/printable.h"

namespace muster::worker {
namespace {

// What is escaped becomes longer.
constexpr std::size_t kMostShownBytes = 512;
constexpr std::uint64_t kNanoseconds = 1'000'000'000;

}  // namespace

void SayLastWords(LastWords& words, ipc::OwnerTag tag, pid_t pid, absl::string_view text) {
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // First, and stored before the rest, which is stored with release: who reads a mix finds it out.
  words.bytes.store(0, std::memory_order_relaxed);
  words.who.store(std::uint64_t{tag.bits()} | std::uint64_t{static_cast<std::uint32_t>(pid)} << 32,
                  std::memory_order_release);
  words.time.store(static_cast<std::uint64_t>(now.tv_sec) * kNanoseconds +
                       static_cast<std::uint64_t>(now.tv_nsec),
                   std::memory_order_release);
  words.text.Store(text);
  // Release: pairs with the acquire in ReadLastWords. What is longer than the room was cut.
  words.bytes.store(text.size(), std::memory_order_release);
}

std::optional<LastWordsShown> ReadLastWords(const LastWords& words) {
  constexpr std::size_t kRoom = decltype(LastWords::text)::kMostBytes;
  const std::uint64_t bytes = words.bytes.load(std::memory_order_acquire);
  if (bytes == 0) return std::nullopt;
  const std::uint64_t who = words.who.load(std::memory_order_acquire);
  const std::uint64_t time = words.time.load(std::memory_order_acquire);
  const std::string text = words.text.Load(std::min<std::uint64_t>(bytes, kRoom));
  // Relaxed: the acquire loads keep them after the words.
  if (words.bytes.load(std::memory_order_relaxed) != bytes ||
      words.who.load(std::memory_order_relaxed) != who ||
      words.time.load(std::memory_order_relaxed) != time) {
    return std::nullopt;
  }
  LastWordsShown shown;
  shown.tag = ipc::OwnerTag::InWord(static_cast<std::uint32_t>(who));
  shown.pid = std::max(static_cast<pid_t>(who >> 32), 0);
  // In the year 2262 at the latest, if it is damaged.
  constexpr std::uint64_t kLatest = INT64_MAX;
  shown.time = std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(time, kLatest)));
  shown.text = log::Printable(text);
  if (bytes > kRoom) shown.text += "...";
  log::CutLine(shown.text, kMostShownBytes);
  return shown;
}

}  // namespace muster::worker
