#ifndef MUSTER_WORKER_HTTP_HANDOFF_STATE_H_
#define MUSTER_WORKER_HTTP_HANDOFF_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// By the clock that all processes share. The epoch: it is not told, as by a worker of an older
// version.
struct HandoffTimes {
  loop::TimePoint unread_since = {};  // when the first unread byte arrived
  // Until when the client may take to complete its head, or to begin the next one.
  loop::TimePoint deadline = {};
  loop::TimePoint opened = {};  // when the client connected
};

// What one worker passes to the next with a connection that is handed off. It is all that the next
// worker needs to serve the connection as this one would have. It travels as a v1::HttpConnection
// (proto/handoff.proto), so a worker of another version can read it.
struct HandoffState {
  // `state` may come from a broken peer. InvalidArgument: it is not a v1::HttpConnection.
  static absl::StatusOr<HandoffState> Parse(const std::string& state);

  std::uint32_t requests = 0;  // that were answered on the connection
  std::string unread;          // input that was received and not answered
  HandoffTimes times;
  v1::Origin origin;  // for RestoreOrigin (worker/runtime/connection.h)
};

// The bytes that HandoffState::Parse reads. They fit a handoff (kMostHandoffStateBytes) if `unread`
// has at most kMostUnreadBytes.
std::string SerializeHandoffState(std::uint32_t requests, absl::string_view unread,
                                  const HandoffTimes& times = {}, const v1::Origin& origin = {});

// The state of a connection that has left HTTP by an upgrade: whose handler has it, and what that
// gave to Context::HandOff. It begins with a byte with which no HttpConnection does, so an older
// worker refuses it. `handler` has at most 255 bytes.
struct UpgradedState {
  // None: it is no such state, but maybe a HandoffState. `state` outlives it.
  static std::optional<UpgradedState> Parse(absl::string_view state);
  std::string Serialize() const;

  absl::string_view handler;
  absl::string_view state;
};
// What Serialize adds at most.
inline constexpr std::size_t kMostUpgradedBytes = 2 + 255;

// A connection with more unread bytes cannot be handed off. The rest is left for the other fields.
inline constexpr std::size_t kMostUnreadBytes = kMostHandoffStateBytes - 64 - kMostOriginBytes;

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDOFF_STATE_H_
