#include "muster/worker/origin/origin.h"

#include <sys/socket.h>

#include <limits>

#include "muster/proto/listener_name.h"

namespace muster::worker {

std::optional<PeerCredentials> ReadPeerCredentials(int socket) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return PeerCredentials{.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
}

Origin ReadOrigin(int socket) {
  Origin origin;
  sockaddr_storage peer = {};
  socklen_t size = sizeof(peer);
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return origin;
  origin.address = PeerAddress(peer);
  if (peer.ss_family == AF_UNIX) origin.credentials = ReadPeerCredentials(socket);
  return origin;
}

v1::Origin SaveOrigin(const Origin& origin) {
  v1::Origin saved;
  if (origin.is_proxied) {
    const absl::string_view bytes = origin.address.network_bytes();
    saved.set_address(bytes.data(), bytes.size());
    saved.set_port(origin.address.port());
  }
  saved.set_listener(origin.listener);
  return saved;
}

void RestoreOrigin(const v1::Origin& saved, Origin& origin) {
  if (saved.port() <= std::numeric_limits<std::uint16_t>::max()) {
    const PeerAddress address(saved.address(), static_cast<std::uint16_t>(saved.port()));
    if (address.family() != AF_UNSPEC) {
      origin.address = address;
      origin.is_proxied = true;
    }
  }
  if (config::IsListenerName(saved.listener())) origin.listener = saved.listener();
}

}  // namespace muster::worker
