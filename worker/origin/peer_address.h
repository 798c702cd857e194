#ifndef MUSTER_WORKER_ORIGIN_PEER_ADDRESS_H_
#define MUSTER_WORKER_ORIGIN_PEER_ADDRESS_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker {

// Where a connection comes from, in few bytes. A value.
class PeerAddress {
 public:
  PeerAddress() = default;
  explicit PeerAddress(const sockaddr_storage& address);
  // `bytes`: 4 of IPv4, or 16 of IPv6, in network order. Of any other number: no address.
  PeerAddress(absl::string_view bytes, std::uint16_t port);

  // Without its port: "192.0.2.1", "2001:db8::1"; "unix:" for a Unix socket; "unknown".
  void AppendTo(std::string& out) const;
  std::string ToString() const;
  // "192.0.2.1:80", "[2001:db8::1]:80", "unix:", "unknown".
  std::string ToStringWithPort() const;

  // AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC: it is not known.
  std::uint16_t family() const { return family_; }
  // 0 if it has none.
  std::uint16_t port() const { return port_; }
  // Of AF_INET the first four, of AF_INET6 all of them; the others are zero.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  // The same without those that do not count: 4, 16 or none.
  absl::string_view network_bytes() const;

  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_ = {};
  std::uint16_t family_ = AF_UNSPEC;
  std::uint16_t port_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ORIGIN_PEER_ADDRESS_H_
