#ifndef MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_
#define MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace muster::worker::http {

// Where a connection comes from, without its port, in few bytes.
class PeerAddress {
 public:
  PeerAddress() = default;
  explicit PeerAddress(const sockaddr_storage& address);

  // "192.0.2.1", "2001:db8::1"; "unix:" for a Unix socket.
  void AppendTo(std::string& out) const;

 private:
  std::array<std::uint8_t, 16> bytes_ = {};
  std::uint16_t family_ = AF_UNSPEC;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_PEER_ADDRESS_H_
