#include "muster/worker/websocket/wire/web_origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/authority.h"
#include "muster/worker/http/message/character_set.h"

namespace muster::worker::websocket {
namespace {

constexpr http::CharacterSet kSchemeText = http::CharacterSet::AlphanumericAnd("+-.");

bool IsScheme(absl::string_view text) {
  return !text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text.front())) &&
         kSchemeText.HasAll(text);
}

std::optional<std::uint16_t> DefaultPortOf(absl::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return std::nullopt;
}

std::string ShortestForm(absl::string_view host) {
  std::string lower = absl::AsciiStrToLower(host);
  if (lower.size() < 2 || lower.front() != '[') return lower;
  in6_addr address;
  char text[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET6, lower.substr(1, lower.size() - 2).c_str(), &address) != 1 ||
      ::inet_ntop(AF_INET6, &address, text, sizeof(text)) == nullptr) {
    return lower;
  }
  return absl::StrCat("[", text, "]");
}

// False: `authority` is no host with perhaps a port. It leaves the port where there is none.
bool ReadAuthority(absl::string_view authority, std::string& host,
                   std::optional<std::uint16_t>& port) {
  if (!http::IsAuthority(authority)) return false;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  host = ShortestForm(authority.substr(0, colon));
  // "a:" has the default one.
  if (colon == authority.npos || colon + 1 == authority.size()) return true;
  absl::string_view digits = authority.substr(colon + 1);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  std::uint32_t number = 0;
  if (digits.size() > 5 || (!digits.empty() && !absl::SimpleAtoi(digits, &number)) ||
      number > 65535) {
    return false;
  }
  port = static_cast<std::uint16_t>(number);
  return true;
}

}  // namespace

std::optional<WebOrigin> WebOrigin::Parse(absl::string_view text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == text.npos || !IsScheme(text.substr(0, scheme_end))) return std::nullopt;
  WebOrigin origin;
  origin.scheme = absl::AsciiStrToLower(text.substr(0, scheme_end));
  origin.port = DefaultPortOf(origin.scheme);
  if (!ReadAuthority(text.substr(scheme_end + 3), origin.host, origin.port)) return std::nullopt;
  return origin;
}

bool WebOrigin::IsOf(absl::string_view host_field) const {
  std::string its_host;
  std::optional<std::uint16_t> its_port = DefaultPortOf(scheme);
  return ReadAuthority(host_field, its_host, its_port) && its_host == host && its_port == port;
}

}  // namespace muster::worker::websocket
