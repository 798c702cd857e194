#ifndef MUSTER_WORKER_HTTP_HANDOFF_STATE_H_
#define MUSTER_WORKER_HTTP_HANDOFF_STATE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// What one worker passes to the next with a connection that is handed off. It is all that the next
// worker needs to serve the connection as this one would have. It travels as a v1::HttpConnection
// (proto/handoff.proto), so a worker of another version can read it.
struct HandoffState {
  // `state` may come from a broken peer. InvalidArgument: it is not a v1::HttpConnection.
  static absl::StatusOr<HandoffState> Parse(const std::string& state);

  std::uint32_t requests = 0;  // that were answered on the connection
  std::string unread;          // input that was received and not answered
  // When its first byte arrived, by the clock that all processes share. The epoch: it is not told.
  loop::TimePoint unread_since{};
};

// The bytes that HandoffState::Parse reads. They fit a handoff (kMostHandoffStateBytes) if `unread`
// has at most kMostUnreadBytes.
std::string SerializeHandoffState(std::uint32_t requests, absl::string_view unread,
                                  loop::TimePoint unread_since = {});

// A connection with more unread bytes cannot be handed off. 64 bytes are left for the other fields.
inline constexpr std::size_t kMostUnreadBytes = kMostHandoffStateBytes - 64;

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDOFF_STATE_H_
