#include "muster/examples/chat/message_log.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::examples {
namespace {

template <std::size_t kBytes>
void Put(char (&field)[kBytes], absl::string_view text) {
  const std::size_t size = std::min(text.size(), kBytes - 1);
  std::memcpy(field, text.data(), size);
  std::memset(field + size, 0, kBytes - size);
}

template <std::size_t kBytes>
std::string Get(const char (&field)[kBytes]) {
  return std::string(field, ::strnlen(field, kBytes));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MessageLog>> MessageLog::Open(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(const worker::UserZone* zone, context.zone("chat"));
  MUSTER_ASSIGN_OR_RETURN(auto table, zone->Get<LogTable>("log"));
  const auto repair = [] { return true; };  // there is never anything to repair
  MUSTER_ASSIGN_OR_RETURN(auto mutex, zone->Get<ipc::ZoneMutex>("mutex", repair));
  return std::unique_ptr<MessageLog>(new MessageLog(*zone, std::move(table), std::move(mutex)));
}

void MessageLog::Append(absl::string_view room, absl::string_view text) {
  {
    const std::scoped_lock lock(*mutex_);
    LogTable::Entry& entry = table_->entries[table_->count % LogTable::kMostMessages];
    Put(entry.room, room);
    Put(entry.text, text);
    // Who is killed before this leaves nothing; the compiler must not put it earlier.
    std::atomic_signal_fence(std::memory_order_release);
    ++table_->count;
  }
  zone_.Ring();
}

std::uint64_t MessageLog::end() {
  const std::scoped_lock lock(*mutex_);
  return table_->count;
}

std::vector<MessageLog::Message> MessageLog::Read(std::uint64_t next) {
  std::vector<Message> messages;
  const std::scoped_lock lock(*mutex_);
  const std::uint64_t end = table_->count;
  // Not the one before: who was killed may have written half a message over it.
  const std::uint64_t oldest = end - std::min(end, LogTable::kMostMessages - 1);
  for (std::uint64_t n = std::max(next, oldest); n < end && messages.size() < kMostAtOnce; ++n) {
    const LogTable::Entry& entry = table_->entries[n % LogTable::kMostMessages];
    messages.push_back({n, Get(entry.room), Get(entry.text)});
  }
  return messages;
}

}  // namespace muster::examples
