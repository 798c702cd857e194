#include "muster/worker/http/handoff_state.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "muster/proto/handoff.pb.h"

namespace muster::worker::http {

absl::StatusOr<HandoffState> HandoffState::Parse(const std::string& state) {
  v1::HttpConnection message;
  if (!message.ParseFromString(state)) {
    return absl::InvalidArgumentError("its state is no muster.worker.v1.HttpConnection");
  }
  return HandoffState{.requests = message.requests(),
                      .unread = std::move(*message.mutable_unread()),
                      .unread_since = loop::TimePoint(std::chrono::nanoseconds(
                          std::max<std::int64_t>(message.unread_since(), 0)))};
}

std::string SerializeHandoffState(std::uint32_t requests, absl::string_view unread,
                                  loop::TimePoint unread_since) {
  v1::HttpConnection message;
  message.set_requests(requests);
  message.set_unread(unread.data(), unread.size());
  message.set_unread_since(std::chrono::nanoseconds(unread_since.time_since_epoch()).count());
  return message.SerializeAsString();
}

}  // namespace muster::worker::http
