#include "muster/worker/http/message/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace muster::worker::http {

PeerAddress::PeerAddress(const sockaddr_storage& address) : family_(address.ss_family) {
  if (family_ == AF_INET) {
    std::memcpy(bytes_.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  } else if (family_ == AF_INET6) {
    std::memcpy(bytes_.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  }
}

void PeerAddress::AppendTo(std::string& out) const {
  if (family_ == AF_INET) {
    absl::StrAppend(&out, bytes_[0], ".", bytes_[1], ".", bytes_[2]);
    absl::StrAppend(&out, ".", bytes_[3]);
  } else if (family_ == AF_INET6) {
    char text[INET6_ADDRSTRLEN];
    if (::inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text)) != nullptr) out.append(text);
  } else {
    out.append("unix:");
  }
}

}  // namespace muster::worker::http
