#include "muster/worker/protocol/fresh_state.h"

#include "muster/proto/handoff.pb.h"

namespace muster::worker {

std::string FreshState(const config::v1::Listen& listen, std::chrono::nanoseconds accepted) {
  if (listen.name().empty() && !listen.has_proxy_protocol() &&
      listen.max_connections_per_client() == 0) {
    return "";
  }
  v1::FreshConnection state;
  config::v1::Listen& told = *state.mutable_listener();
  told.set_address(listen.address());
  if (listen.has_name()) told.set_name(listen.name());
  if (listen.has_proxy_protocol()) *told.mutable_proxy_protocol() = listen.proxy_protocol();
  told.set_max_connections_per_client(listen.max_connections_per_client());
  state.set_accepted(accepted.count());
  return state.SerializeAsString();
}

}  // namespace muster::worker
