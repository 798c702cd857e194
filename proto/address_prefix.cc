#include "muster/proto/address_prefix.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::config {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

// The byte's bits that are within the first `bits` of all.
std::uint8_t MaskOf(std::size_t byte, unsigned bits) {
  const unsigned before = static_cast<unsigned>(byte) * 8;
  if (bits >= before + 8) return 0xff;
  if (bits <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (before + 8 - bits));
}

Bytes Cut(Bytes bytes, unsigned bits) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] &= MaskOf(i, bits);
  return bytes;
}

absl::Status NotOne(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is no address and no prefix; write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"));
}

}  // namespace

absl::StatusOr<AddressPrefix> AddressPrefix::Parse(absl::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  constexpr char kPossible[] = "0123456789abcdefABCDEF.:";
  if (address.find_first_not_of(kPossible) != std::string::npos) return NotOne(text);
  AddressPrefix prefix;
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, address.c_str(), prefix.bytes_.data()) == 1) prefix.family_ = family;
  }
  if (prefix.family_ == 0) return NotOne(text);
  const unsigned most = prefix.family_ == AF_INET ? 32 : 128;
  prefix.bits_ = most;
  if (slash == absl::string_view::npos) return prefix;
  const absl::string_view bits = text.substr(slash + 1);
  const bool is_number =
      !bits.empty() && bits.size() <= 3 && (bits.size() == 1 || bits[0] != '0') &&
      std::all_of(bits.begin(), bits.end(),
                  [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  if (!is_number) return NotOne(text);
  prefix.bits_ = 0;
  for (const char digit : bits)
    prefix.bits_ = prefix.bits_ * 10 + static_cast<unsigned>(digit - '0');
  if (prefix.bits_ > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" has a prefix of more than ", most, " bits"));
  }
  const Bytes cut = Cut(prefix.bytes_, prefix.bits_);
  if (cut == prefix.bytes_) return prefix;
  char right[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(prefix.family_, cut.data(), right, sizeof(right));
  return absl::InvalidArgumentError(absl::StrCat("\"", text,
                                                 "\" has bits behind its prefix; write ", right,
                                                 "/", prefix.bits_, " or ", address));
}

bool AddressPrefix::Contains(int family, const Bytes& bytes) const {
  return family == family_ && Cut(bytes, bits_) == bytes_;
}

}  // namespace muster::config
