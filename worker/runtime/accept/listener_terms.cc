#include "muster/worker/runtime/accept/listener_terms.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/handoff.pb.h"
#include "muster/proto/listener_name.h"
#include "muster/worker/protocol/fresh_state.h"
#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker {

std::shared_ptr<const ListenerTerms> ListenerTerms::None() {
  return std::shared_ptr<const ListenerTerms>(new ListenerTerms());
}

absl::StatusOr<std::shared_ptr<const ListenerTerms>> ListenerTerms::From(
    const config::v1::Listen& listen) {
  if (listen.has_name() && !config::IsListenerName(listen.name())) {
    return absl::InvalidArgumentError("its name is none");
  }
  std::shared_ptr<ListenerTerms> terms(new ListenerTerms());
  terms->listen_ = listen;
  const config::v1::ProxyProtocol& proxy_protocol = listen.proxy_protocol();
  for (const std::string& text : proxy_protocol.from()) {
    MUSTER_ASSIGN_OR_RETURN(const config::AddressPrefix prefix, config::AddressPrefix::Parse(text));
    terms->proxies_.push_back(prefix);
  }
  if (proxy_protocol.has_timeout()) {
    terms->header_timeout_ = BoundedDuration(proxy_protocol.timeout());
  }
  return terms;
}

ListenerTerms::Beginning ListenerTerms::BeginningOf(const PeerAddress& peer) const {
  if (!listen_.has_proxy_protocol()) return Beginning::kDirect;
  // Who may connect to a Unix socket is said by its file.
  if (peer.family() == AF_UNIX) return Beginning::kHeader;
  const bool is_proxy =
      std::any_of(proxies_.begin(), proxies_.end(), [&](const config::AddressPrefix& prefix) {
        return prefix.Contains(peer.family(), peer.bytes());
      });
  if (is_proxy) return Beginning::kHeader;
  return listen_.proxy_protocol().others() == config::v1::ProxyProtocol::DIRECT
             ? Beginning::kDirect
             : Beginning::kNothing;
}

std::string ListenerTerms::Save(loop::TimePoint accepted) const {
  return FreshState(listen_, accepted.time_since_epoch());
}

absl::StatusOr<FreshTerms> FreshTerms::Parse(const std::string& state) {
  FreshTerms fresh = {.terms = ListenerTerms::None(), .accepted = std::nullopt};
  if (state.empty()) return fresh;
  v1::FreshConnection message;
  if (!message.ParseFromString(state)) {
    return absl::InvalidArgumentError("its state is no muster.worker.v1.FreshConnection");
  }
  MUSTER_ASSIGN_OR_RETURN(fresh.terms, ListenerTerms::From(message.listener()));
  if (message.accepted() > 0) {
    fresh.accepted = loop::TimePoint(std::chrono::nanoseconds(message.accepted()));
  }
  return fresh;
}

}  // namespace muster::worker
