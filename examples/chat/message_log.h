#ifndef MUSTER_EXAMPLES_CHAT_MESSAGE_LOG_H_
#define MUSTER_EXAMPLES_CHAT_MESSAGE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {

// An object of the zone "chat": the last messages of all rooms. It begins without any.
struct LogTable {
  static constexpr std::uint64_t kMostMessages = 1024;
  static constexpr std::size_t kMostTextBytes = 479;
  static constexpr std::size_t kMostRoomBytes = 31;

  struct Entry {
    char room[kMostRoomBytes + 1];
    char text[kMostTextBytes + 1];
  };

  static constexpr std::uint32_t kZoneVersion = 1;

  // A mutex of the zone guards it. Message n stands in entry n % kMostMessages, from when it is
  // written, which is before `count` says so: half a message is no message, and the one that it
  // is written over is none any more.
  std::uint64_t count;
  Entry entries[kMostMessages];
};

// The messages of all rooms in the order in which they were written by whatever worker, numbered
// from 0. Of those the last kMostMessages - 1 are kept. Thread-safe, but for Open.
class MessageLog {
 public:
  struct Message {
    std::uint64_t number = 0;
    std::string room;
    std::string text;
  };

  static absl::StatusOr<std::unique_ptr<MessageLog>> Open(worker::Context& context);

  // Both are cut to what there is room for. Rings the bell.
  void Append(absl::string_view room, absl::string_view text);
  // The number that the next message will have.
  std::uint64_t end();
  // Those from `next` on that are still there, some at a time; none: there are none.
  std::vector<Message> Read(std::uint64_t next);

  const worker::UserZone& zone() const { return zone_; }

 private:
  static constexpr std::size_t kMostAtOnce = 64;

  MessageLog(const worker::UserZone& zone, std::shared_ptr<LogTable> table,
             std::shared_ptr<ipc::ZoneMutex> mutex)
      : zone_(zone), table_(std::move(table)), mutex_(std::move(mutex)) {}

  const worker::UserZone& zone_;
  std::shared_ptr<LogTable> table_;
  std::shared_ptr<ipc::ZoneMutex> mutex_;
};

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_CHAT_MESSAGE_LOG_H_
