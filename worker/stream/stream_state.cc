#include "muster/worker/stream/stream_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/runtime/connection.h"

namespace muster::worker {
namespace {

// What the schema allows at most: max_unread_bytes, max_unsent_bytes, max_session_bytes.
constexpr std::size_t kMostUnread = 16 << 20;
constexpr std::size_t kMostUnsent = 64 << 20;
constexpr std::size_t kMostSession = 16 << 20;
// What workers of the version before take.
constexpr std::size_t kMostUnreadBefore = 16 << 10;
constexpr std::size_t kMostUnsentBefore = 32 << 10;
// For all fields but the three.
constexpr std::size_t kOtherBytes = 128 + kMostOriginBytes;

absl::Status CheckSize(absl::string_view part, std::size_t size, std::size_t most) {
  if (size <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("its state has ", size, " bytes of ", part, ", expected at most ", most));
}

loop::TimePoint TimeOf(std::int64_t nanoseconds) {
  return loop::TimePoint(std::chrono::nanoseconds(std::max<std::int64_t>(nanoseconds, 0)));
}

std::int64_t NanosecondsOf(loop::TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

}  // namespace

absl::StatusOr<StreamState> StreamState::Parse(const std::string& state) {
  v1::StreamState message;
  if (!message.ParseFromString(state)) {
    return absl::InvalidArgumentError("its state is no muster.worker.v1.StreamState");
  }
  for (const absl::Status& status : {CheckSize("session", message.session().size(), kMostSession),
                                     CheckSize("unread", message.unread().size(), kMostUnread),
                                     CheckSize("unsent", message.unsent().size(), kMostUnsent)}) {
    if (!status.ok()) return status;
  }
  return StreamState{.session = std::move(*message.mutable_session()),
                     .unread = std::move(*message.mutable_unread()),
                     .unsent = std::move(*message.mutable_unsent()),
                     .output_ended = message.output_ended(),
                     .input_ended = message.input_ended(),
                     .last_activity = TimeOf(message.last_activity()),
                     .unread_since = TimeOf(message.unread_since()),
                     .unsent_since = TimeOf(message.unsent_since()),
                     .origin = std::move(*message.mutable_origin())};
}

std::string StreamState::Serialize() const {
  v1::StreamState message;
  message.set_session(session);
  message.set_unread(unread);
  message.set_unsent(unsent);
  message.set_output_ended(output_ended);
  message.set_input_ended(input_ended);
  message.set_last_activity(NanosecondsOf(last_activity));
  message.set_unread_since(NanosecondsOf(unread_since));
  message.set_unsent_since(NanosecondsOf(unsent_since));
  if (origin.ByteSizeLong() > 0) *message.mutable_origin() = origin;
  return message.SerializeAsString();
}

bool FitsHandoff(const StreamStateSize& size, std::size_t limit_bytes) {
  if (size.session + size.unread + size.unsent + kOtherBytes > limit_bytes) return false;
  if (limit_bytes > kMostHandoffStateBytes) return true;
  return !size.has_ended_side && size.unread <= kMostUnreadBefore &&
         size.unsent <= kMostUnsentBefore;
}

}  // namespace muster::worker
