#include "master/listener_set.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "ipc/status.h"
#include "master/address.h"

namespace muster::master {

absl::StatusOr<ListenerSet> ListenerSet::Make(const config::v1::Config& config,
                                              std::uint32_t workers, const ListenerSet& current) {
  const std::size_t sockets = config.accept() == config::v1::REUSEPORT ? workers : 1;
  ListenerSet made;
  for (const config::v1::Listen& listen : config.listen()) {
    Shared shared = {.written = listen.address(), .sockets = {}};
    const auto old =
        std::find_if(current.listeners_.begin(), current.listeners_.end(),
                     [&](const Shared& candidate) { return candidate.written == shared.written; });
    if (old != current.listeners_.end()) shared.sockets = old->sockets;
    MUSTER_RETURN_IF_ERROR(Complete(shared, listen, sockets));
    made.listeners_.push_back(std::move(shared));
  }
  return made;
}

absl::Status ListenerSet::Complete(Shared& shared, const config::v1::Listen& listen,
                                   std::size_t sockets) {
  // Fewer than before: the connections in the queue of a socket that goes are lost, as the
  // kernel has no way to move them.
  if (shared.sockets.size() > sockets) shared.sockets.resize(sockets);
  for (const auto& socket : shared.sockets) {
    MUSTER_RETURN_IF_ERROR(socket->SetBacklog(static_cast<int>(listen.backlog())));
  }
  MUSTER_ASSIGN_OR_RETURN(Address address, Address::Parse(listen.address()));
  const Listener::Port port = sockets > 1 ? Listener::Port::kShared : Listener::Port::kOwn;
  if (!shared.sockets.empty()) {
    address = shared.sockets[0]->address();
    if (shared.sockets.size() < sockets) MUSTER_RETURN_IF_ERROR(shared.sockets[0]->SharePort());
  }
  while (shared.sockets.size() < sockets) {
    MUSTER_ASSIGN_OR_RETURN(Listener bound,
                            Listener::Bind(address, static_cast<int>(listen.backlog()), port));
    address = bound.address();
    shared.sockets.push_back(std::make_shared<const Listener>(std::move(bound)));
  }
  return absl::OkStatus();
}

std::vector<ListenerSet::Entry> ListenerSet::ForWorker(std::uint32_t index) const {
  std::vector<Entry> entries;
  for (const Shared& shared : listeners_) {
    const Listener& socket = *shared.sockets[index % shared.sockets.size()];
    entries.push_back({socket.address().ToString(), socket.fd()});
  }
  return entries;
}

std::vector<std::string> ListenerSet::addresses() const {
  std::vector<std::string> addresses;
  for (const Shared& shared : listeners_) {
    addresses.push_back(shared.sockets[0]->address().ToString());
  }
  return addresses;
}

}  // namespace muster::master
