#include "muster/listen/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/status.h"

namespace muster::listen {
namespace {

static_assert(Address::kLongestUnixPath == sizeof(sockaddr_un::sun_path) - 1);

constexpr absl::string_view kForms =
    "write \"127.0.0.1:8080\", \"[::1]:8080\", \"*:8080\" or \"unix:path\"";

}  // namespace

absl::StatusOr<Address> Address::ParseUnix(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("has no path after \"unix:\"");
  if (path.find('\0') != path.npos) {
    return absl::InvalidArgumentError("has a zero byte in its path");
  }
  if (path.size() > kLongestUnixPath) {
    return absl::InvalidArgumentError(absl::StrCat("has a path of ", path.size(), " bytes (", path,
                                                   "), the kernel takes at most ", kLongestUnixPath,
                                                   "; choose a shorter one"));
  }
  Address address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage_);
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.data(), path.size());
  address.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

absl::StatusOr<Address> Address::Parse(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "unix:")) return ParseUnix(text);
  if (absl::StartsWithIgnoreCase(text, "unix:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("write \"unix:\" in small letters: \"unix:", text.substr(5), "\""));
  }

  const std::size_t colon = text.rfind(':');
  const absl::string_view port_text = colon == text.npos ? "" : text.substr(colon + 1);
  if (port_text.empty() || text.back() == ']') {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" has no port; ", kForms));
  }
  int port = -1;
  if (!absl::SimpleAtoi(port_text, &port) || port < 0 || port > 65535 ||
      port_text.find_first_not_of("0123456789") != port_text.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", port_text, "\" is no port; write a number from 0 to 65535"));
  }
  std::string host(text.substr(0, colon));
  const bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if (!is_bracketed && host.find(':') != host.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("an IPv6 address needs brackets; write \"[", host, "]:", port, "\""));
  }
  if (host == "*") host = is_bracketed ? "" : "0.0.0.0";  // glibc would take it for any address

  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_family = is_bracketed ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() ||
      ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", host, "\" is no IP address, and names are not looked up; ", kForms));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
  address.size_ = found->ai_addrlen;
  return address;
}

absl::StatusOr<Address> Address::OfSocket(int fd) {
  Address address;
  address.size_ = sizeof(address.storage_);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &address.size_) != 0) {
    return ipc::ErrnoStatus("getsockname");
  }
  return address;
}

Address Address::WithPort(std::uint16_t port) const {
  Address other = *this;
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&other.storage_)->sin6_port = htons(port);
  } else if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&other.storage_)->sin_port = htons(port);
  }
  return other;
}

std::string Address::ToString() const {
  if (is_unix()) return absl::StrCat("unix:", path());
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(get(), size_, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  if (family() == AF_INET6) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(is_any() ? "*" : host, ":", port);
}

std::string Address::ToUri() const {
  std::string uri = "unix:";
  for (const char byte : path()) {
    const bool is_plain = absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
                          absl::string_view("/-._~").find(byte) != absl::string_view::npos;
    if (is_plain) {
      uri.push_back(byte);
    } else {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
    }
  }
  return uri;
}

bool Address::is_any() const {
  if (family() == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr);
  }
  return family() == AF_INET &&
         reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr == htonl(INADDR_ANY);
}

bool Address::is_loopback() const {
  if (family() == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr);
  }
  // All of 127.0.0.0/8.
  return family() == AF_INET &&
         ntohl(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr.s_addr) >> 24 == 127;
}

bool Address::operator==(const Address& other) const {
  if (family() != other.family()) return false;
  if (is_unix()) return path() == other.path();
  if (port() != other.port()) return false;
  if (family() == AF_INET6) {
    const auto& mine = reinterpret_cast<const sockaddr_in6&>(storage_);
    const auto& theirs = reinterpret_cast<const sockaddr_in6&>(other.storage_);
    return mine.sin6_scope_id == theirs.sin6_scope_id &&
           IN6_ARE_ADDR_EQUAL(&mine.sin6_addr, &theirs.sin6_addr);
  }
  return reinterpret_cast<const sockaddr_in&>(storage_).sin_addr.s_addr ==
         reinterpret_cast<const sockaddr_in&>(other.storage_).sin_addr.s_addr;
}

bool Address::Overlaps(const Address& other) const {
  if (is_unix() || family() != other.family()) return *this == other;
  if (port() != other.port() || port() == 0) return false;
  return is_any() || other.is_any() || *this == other;
}

bool Address::Includes(const Address& other) const {
  return Overlaps(other) && is_any() && !other.is_any();
}

std::uint16_t Address::port() const {
  if (family() == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  }
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  return 0;
}

std::string Address::path() const {
  const auto* un = reinterpret_cast<const sockaddr_un*>(&storage_);
  return std::string(un->sun_path, ::strnlen(un->sun_path, sizeof(un->sun_path)));
}

}  // namespace muster::listen
