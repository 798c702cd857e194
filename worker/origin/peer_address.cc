#include "muster/worker/origin/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace muster::worker {

PeerAddress::PeerAddress(const sockaddr_storage& address) : family_(address.ss_family) {
  if (family_ == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(bytes_.data(), &ipv4.sin_addr, 4);
    port_ = ntohs(ipv4.sin_port);
  } else if (family_ == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(bytes_.data(), &ipv6.sin6_addr, 16);
    port_ = ntohs(ipv6.sin6_port);
  }
}

PeerAddress::PeerAddress(absl::string_view bytes, std::uint16_t port) {
  if (bytes.size() != 4 && bytes.size() != bytes_.size()) return;
  family_ = bytes.size() == 4 ? AF_INET : AF_INET6;
  std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  port_ = port;
}

void PeerAddress::AppendTo(std::string& out) const {
  if (family_ == AF_INET) {
    absl::StrAppend(&out, bytes_[0], ".", bytes_[1], ".", bytes_[2]);
    absl::StrAppend(&out, ".", bytes_[3]);
  } else if (family_ == AF_INET6) {
    char text[INET6_ADDRSTRLEN];
    if (::inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text)) != nullptr) out.append(text);
  } else {
    out.append(family_ == AF_UNIX ? "unix:" : "unknown");
  }
}

std::string PeerAddress::ToString() const {
  std::string text;
  AppendTo(text);
  return text;
}

std::string PeerAddress::ToStringWithPort() const {
  if (family_ == AF_INET) return absl::StrCat(ToString(), ":", port_);
  if (family_ == AF_INET6) return absl::StrCat("[", ToString(), "]:", port_);
  return ToString();
}

absl::string_view PeerAddress::network_bytes() const {
  const std::size_t size = family_ == AF_INET ? 4 : family_ == AF_INET6 ? bytes_.size() : 0;
  return {reinterpret_cast<const char*>(bytes_.data()), size};
}

}  // namespace muster::worker
