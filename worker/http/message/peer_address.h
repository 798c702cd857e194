#ifndef MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_
#define MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace muster::worker::http {

// Where a connection comes from, in few bytes.
class PeerAddress {
 public:
  PeerAddress() = default;
  explicit PeerAddress(const sockaddr_storage& address);

  // Without its port: "192.0.2.1", "2001:db8::1"; "unix:" for a Unix socket.
  void AppendTo(std::string& out) const;

  std::uint16_t family() const { return family_; }
  // 0 if it has none.
  std::uint16_t port() const { return port_; }
  // Of AF_INET the first four, of AF_INET6 all of them.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, 16> bytes_ = {};
  std::uint16_t family_ = AF_UNSPEC;
  std::uint16_t port_ = 0;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_
