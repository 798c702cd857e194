#ifndef MUSTER_PROTO_ADDRESS_PREFIX_H_
#define MUSTER_PROTO_ADDRESS_PREFIX_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::config {

// The IPv4 or IPv6 addresses that begin with the same bits. A value.
class AddressPrefix {
 public:
  // Reads "192.0.2.1", "10.0.0.0/8", "2001:db8::1" or "2001:db8::/32". InvalidArgument: it is none
  // of these, or has bits behind the prefix; the message has what would be right.
  static absl::StatusOr<AddressPrefix> Parse(absl::string_view text);

  // `family`: AF_INET, of which the first four `bytes` count, or AF_INET6. No address is in a
  // prefix of the other family.
  bool Contains(int family, const std::array<std::uint8_t, 16>& bytes) const;

  int family() const { return family_; }

 private:
  std::array<std::uint8_t, 16> bytes_ = {};
  int family_ = 0;
  unsigned bits_ = 0;
};

}  // namespace muster::config

#endif  // MUSTER_PROTO_ADDRESS_PREFIX_H_
