#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_LISTENER_TERMS_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_LISTENER_TERMS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/loop/clock.h"
#include "muster/proto/address_prefix.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/origin/peer_address.h"

namespace muster::worker {

// What a listener's configuration says of those who connect by it. Immutable. A connection keeps
// the terms by which it was accepted until a service has it, also over a handoff and a reload.
class ListenerTerms {
 public:
  // Of a listener of which nothing is said.
  static std::shared_ptr<const ListenerTerms> None();
  // InvalidArgument: it cannot be a valid configuration's. It may come from a broken peer.
  static absl::StatusOr<std::shared_ptr<const ListenerTerms>> From(
      const config::v1::Listen& listen);
  const std::string& name() const { return listen_.name(); }
  // For the log: its name, or else its address.
  const std::string& title() const { return name().empty() ? listen_.address() : name(); }
  // How many connections a client may have to come by it. 0: any number.
  std::uint32_t most_per_client() const { return listen_.max_connections_per_client(); }
  // Connections need no look at all.
  bool is_plain() const { return !listen_.has_proxy_protocol() && most_per_client() == 0; }

  enum class Beginning {
    kDirect,   // with what is for the service
    kHeader,   // with a header of the PROXY protocol
    kNothing,  // it is closed
  };
  // How a connection from there begins.
  Beginning BeginningOf(const PeerAddress& peer) const;
  // From the accept on.
  loop::Clock::duration header_timeout() const { return header_timeout_; }

  // The state of a connection that no service has seen (v1::FreshConnection), with these terms.
  std::string Save(loop::TimePoint accepted) const;

 private:
  ListenerTerms() = default;

  config::v1::Listen listen_;
  std::vector<config::AddressPrefix> proxies_;
  loop::Clock::duration header_timeout_ = std::chrono::seconds(5);  // if it is not said
};

// A connection that no service has seen, as another process gave it.
struct FreshTerms {
  // `state` may come from a broken peer. Empty, as older processes leave it: no terms.
  static absl::StatusOr<FreshTerms> Parse(const std::string& state);

  std::shared_ptr<const ListenerTerms> terms;
  std::optional<loop::TimePoint> accepted;  // none: it is not told
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_LISTENER_TERMS_H_
