#ifndef MUSTER_MASTER_PROCESS_ADDRESS_H_
#define MUSTER_MASTER_PROCESS_ADDRESS_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::master {

// An address to listen on, as a configuration writes it and the kernel takes it. A value.
class Address {
 public:
  // The longest path of a Unix socket, in bytes.
  static constexpr std::size_t kLongestUnixPath = 107;

  // Reads "127.0.0.1:8080", "[::1]:8080", "*:8080" (any IPv4 address), "[::]:8080" (any IPv6
  // address) or "unix:path". Names of hosts are not looked up. InvalidArgument: it is none of
  // these; the message says what is wrong and what would be right.
  static absl::StatusOr<Address> Parse(absl::string_view text);

  // What `fd` is bound to.
  static absl::StatusOr<Address> OfSocket(int fd);

  // In the form that Parse reads.
  std::string ToString() const;

  // Whether a socket at this address keeps another program from the other one: it is the same, or
  // any address of the machine. Not for port 0, of which the kernel makes another one each time.
  bool Overlaps(const Address& other) const;

  bool is_unix() const { return storage_.ss_family == AF_UNIX; }
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

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_ADDRESS_H_
