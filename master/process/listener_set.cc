#include "muster/master/process/listener_set.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/process/address.h"
#include "muster/proto/field_error.h"

namespace muster::master {

absl::StatusOr<ListenerSet> ListenerSet::Make(const config::v1::Config& config,
                                              std::uint32_t workers, const ListenerSet& current) {
  ListenerSet made;
  for (int i = 0; i < config.listen_size(); ++i) {
    const config::v1::Listen& listen = config.listen(i);
    const std::string field = absl::StrCat("listen[", i, "].address");
    Shared shared;
    shared.written = listen.address();
    const auto old =
        std::find_if(current.listeners_.begin(), current.listeners_.end(),
                     [&](const Shared& candidate) { return candidate.written == shared.written; });
    if (old != current.listeners_.end()) shared.sockets = old->sockets;
    const absl::StatusOr<Address> address = Address::Parse(listen.address());
    if (!address.ok()) return config::AtField(address.status(), field);
    // The kernel spreads connections over TCP sockets only.
    shared.is_spread = config.accept() == config::v1::REUSEPORT && !address->is_unix();
    MUSTER_RETURN_IF_ERROR(
        config::AtField(Complete(shared, listen, shared.is_spread ? workers : 1), field));
    made.listeners_.push_back(std::move(shared));
  }
  return made;
}

absl::Status ListenerSet::Complete(Shared& shared, const config::v1::Listen& listen,
                                   std::size_t sockets) {
  const int backlog = static_cast<int>(listen.backlog());
  for (const auto& socket : shared.sockets) MUSTER_RETURN_IF_ERROR(socket->SetBacklog(backlog));
  if (shared.sockets.empty()) {
    MUSTER_ASSIGN_OR_RETURN(const Address address, Address::Parse(listen.address()));
    // Not shared from the start: it would join the sockets of another master.
    MUSTER_ASSIGN_OR_RETURN(Listener first, Listener::Bind(address, backlog, Listener::Port::kOwn));
    shared.sockets.push_back(std::make_shared<const Listener>(std::move(first)));
  }
  if (shared.sockets.size() >= sockets) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(shared.sockets[0]->SharePort());
  while (shared.sockets.size() < sockets) {
    MUSTER_ASSIGN_OR_RETURN(Listener next, Listener::Bind(shared.sockets[0]->address(), backlog,
                                                          Listener::Port::kShared));
    shared.sockets.push_back(std::make_shared<const Listener>(std::move(next)));
  }
  return absl::OkStatus();
}

std::vector<ListenerSet::Entry> ListenerSet::ForWorker(std::uint32_t index,
                                                       std::uint32_t workers) const {
  std::vector<Entry> entries;
  for (const Shared& shared : listeners_) {
    // Who has more sockets than it spreads over was spread before: all workers take from all.
    const std::size_t first = shared.is_spread ? index : 0;
    const std::size_t step = shared.is_spread ? workers : 1;
    for (std::size_t i = first; i < shared.sockets.size(); i += step) {
      const Listener& socket = *shared.sockets[i];
      entries.push_back({socket.address().ToString(), socket.fd()});
    }
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
