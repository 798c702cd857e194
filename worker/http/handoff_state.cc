#include "muster/worker/http/handoff_state.h"

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
                      .unread = std::move(*message.mutable_unread())};
}

std::string SerializeHandoffState(std::uint32_t requests, absl::string_view unread) {
  v1::HttpConnection message;
  message.set_requests(requests);
  message.set_unread(unread.data(), unread.size());
  return message.SerializeAsString();
}

}  // namespace muster::worker::http
