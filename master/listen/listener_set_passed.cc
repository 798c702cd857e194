// Sockets that a service manager passed, in a set.

#include <algorithm>
#include <optional>
#include <utility>

#include "muster/host/file_id.h"
#include "muster/master/listen/listener_set.h"

namespace muster::master {

ListenerSet ListenerSet::OfPassed(const std::vector<std::shared_ptr<Listener>>& sockets) {
  ListenerSet set;
  for (const std::shared_ptr<Listener>& socket : sockets) {
    // Two Unix sockets of one path are two files: the one that is at the path has been replaced.
    const auto same =
        std::find_if(set.listeners_.begin(), set.listeners_.end(), [&](const Shared& other) {
          const Listener& first = *other.sockets.front();
          return !first.has_file() && first.address() == socket->address();
        });
    if (same != set.listeners_.end()) {
      same->sockets.push_back(socket);
      continue;
    }
    Shared shared;
    shared.user = SocketUser::kNobody;
    shared.wanted = socket->address();
    shared.sockets.push_back(socket);
    set.listeners_.push_back(std::move(shared));
  }
  return set;
}

bool ListenerSet::HasPassed(const listen::Address& address) const {
  const WantedSocket wanted = {
      SocketUser::kService, address,
      address.is_unix() ? host::FileId::AtPath(address.path()) : std::nullopt};
  return std::any_of(listeners_.begin(), listeners_.end(), [&](const Shared& shared) {
    return shared.user == SocketUser::kNobody && Fits(PresentAs(shared), wanted);
  });
}

std::vector<std::shared_ptr<Listener>> ListenerSet::sockets() const {
  std::vector<std::shared_ptr<Listener>> all;
  for (const Shared& shared : listeners_) {
    all.insert(all.end(), shared.sockets.begin(), shared.sockets.end());
  }
  return all;
}

}  // namespace muster::master
