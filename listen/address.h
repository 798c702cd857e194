#ifndef MUSTER_LISTEN_ADDRESS_H_
#define MUSTER_LISTEN_ADDRESS_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::listen {

// An address to listen on, in the form of a configuration and in the kernel's form. A value.
class Address {
 public:
  // The longest path of a Unix socket, in bytes.
  static constexpr std::size_t kLongestUnixPath = 107;

  // Reads "127.0.0.1:8080", "[::1]:8080", "*:8080" (any IPv4 address), "[::]:8080" (any IPv6
  // address) or "unix:path". Host names are not looked up. InvalidArgument: it is none of these;
  // the message has what is wrong and what would be right.
  static absl::StatusOr<Address> Parse(absl::string_view text);

  // What `fd` is bound to.
  static absl::StatusOr<Address> OfSocket(int fd);

  // The same with another port; of a Unix socket, the same.
  Address WithPort(std::uint16_t port) const;

  // In the form that Parse reads.
  std::string ToString() const;

  // Whether they are one address, however each was written. Two paths of Unix sockets are compared
  // as they are. What is different here is different for the kernel, too: IPv6 sockets take no IPv4
  // connections (IPV6_V6ONLY).
  bool operator==(const Address& other) const;
  bool operator!=(const Address& other) const { return !(*this == other); }

  // Of a Unix socket, as gRPC names it: a URI, in which every byte of the path that means something
  // there ("%", "#", "?") is percent-encoded.
  std::string ToUri() const;

  // Whether a socket at this address keeps another program from listening on `other`: they are the
  // same, or one of them means any address of the machine. False for port 0, for which the kernel
  // chooses another port each time.
  bool Overlaps(const Address& other) const;

  // Whether a socket at this address, which means any address of the machine, gets connections for
  // `other`, which means one, as long as no socket listens there.
  bool Includes(const Address& other) const;

  bool is_unix() const { return storage_.ss_family == AF_UNIX; }
  // Whether only processes of this machine can reach it by TCP.
  bool is_loopback() const;
  // Of an IPv4 or IPv6 address.
  std::uint16_t port() const;
  // Of a Unix socket.
  std::string path() const;

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  bool is_any() const;
  static absl::StatusOr<Address> ParseUnix(absl::string_view path);

  sockaddr_storage storage_ = {};
  socklen_t size_ = 0;
};

}  // namespace muster::listen

#endif  // MUSTER_LISTEN_ADDRESS_H_
