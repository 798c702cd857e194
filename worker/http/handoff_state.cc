#include "muster/worker/http/handoff_state.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"

namespace muster::worker::http {

namespace {

loop::TimePoint TimeOf(std::int64_t nanoseconds) {
  return loop::TimePoint(std::chrono::nanoseconds(std::max<std::int64_t>(nanoseconds, 0)));
}

std::int64_t NanosecondsOf(loop::TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// No tag of a protobuf field.
constexpr char kUpgraded = 0;

}  // namespace

std::optional<UpgradedState> UpgradedState::Parse(absl::string_view state) {
  if (state.size() < 2 || state[0] != kUpgraded) return std::nullopt;
  const std::size_t name_bytes = static_cast<std::uint8_t>(state[1]);
  if (state.size() - 2 < name_bytes) return std::nullopt;
  return UpgradedState{.handler = state.substr(2, name_bytes),
                       .state = state.substr(2 + name_bytes)};
}

std::string UpgradedState::Serialize() const {
  std::string text = {kUpgraded, static_cast<char>(handler.size())};
  text.append(handler.data(), handler.size());
  text.append(state.data(), state.size());
  return text;
}

absl::StatusOr<HandoffState> HandoffState::Parse(const std::string& state) {
  v1::HttpConnection message;
  if (!message.ParseFromString(state)) {
    return absl::InvalidArgumentError("its state is no muster.worker.v1.HttpConnection");
  }
  return HandoffState{.requests = message.requests(),
                      .unread = std::move(*message.mutable_unread()),
                      .times = {.unread_since = TimeOf(message.unread_since()),
                                .deadline = TimeOf(message.deadline()),
                                .opened = TimeOf(message.opened())},
                      .origin = message.origin()};
}

std::string SerializeHandoffState(std::uint32_t requests, absl::string_view unread,
                                  const HandoffTimes& times, const v1::Origin& origin) {
  v1::HttpConnection message;
  message.set_requests(requests);
  message.set_unread(unread.data(), unread.size());
  message.set_unread_since(NanosecondsOf(times.unread_since));
  message.set_deadline(NanosecondsOf(times.deadline));
  message.set_opened(NanosecondsOf(times.opened));
  if (!origin.address().empty() || !origin.listener().empty()) {
    *message.mutable_origin() = origin;
  }
  return message.SerializeAsString();
}

}  // namespace muster::worker::http
