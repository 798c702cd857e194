#include "muster/ctl/master/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace muster::ctl {
namespace {

constexpr char kInstalled[] = "/run/muster/admin.sock";
constexpr char kDefault[] = "run/admin.sock";  // of proto/config.proto, in the prefix
constexpr char kExample[] = "examples/site/run/admin.sock";

std::string Join(const std::string& directory, absl::string_view path) {
  return (std::filesystem::path(directory) / std::string(path)).lexically_normal().string();
}

absl::Status WrongAddress(absl::string_view address, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("master address \"", address, "\": ", why));
}

bool HasDigitsOnly(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

bool IsIpv6(absl::string_view text) {
  in6_addr address = {};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// "http" of "http://localhost:9000", "dns" of "dns:///master": what names no socket's path. Empty:
// there is none.
std::string SchemeOf(absl::string_view address) {
  const auto colon = address.find(':');
  if (colon == absl::string_view::npos || colon == 0) return "";
  for (const char c : address.substr(0, colon)) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '+') return "";
  }
  return std::string(address.substr(0, colon));
}

// Of other tools. Any other word before a colon may be a host.
bool IsKnownScheme(absl::string_view scheme) {
  constexpr absl::string_view kSchemes[] = {"dns",   "fd",   "grpc", "grpcs",         "http",
                                            "https", "ipv4", "ipv6", "ssh",           "tcp",
                                            "tcp4",  "tcp6", "tls",  "unix-abstract", "vsock"};
  return std::any_of(std::begin(kSchemes), std::end(kSchemes), [&](absl::string_view known) {
    return absl::EqualsIgnoreCase(scheme, known);
  });
}

// About an address that begins with a scheme.
std::string MistakeOfScheme(const std::string& scheme, absl::string_view address) {
  const absl::string_view rest = address.substr(scheme.size() + 1);
  const absl::string_view plain = absl::StripPrefix(absl::StripPrefix(rest, "//"), "/");
  if (absl::EqualsIgnoreCase(scheme, "unix")) {
    return absl::StrCat("write unix: in small letters: unix:", rest);
  }
  if (HasDigitsOnly(rest.substr(0, rest.find('/'))) && !IsKnownScheme(scheme)) {
    return absl::StrCat("an address of TCP ends with its port; write ", scheme, ":",
                        rest.substr(0, rest.find('/')));
  }
  const std::string other = absl::StrCat("a master does not listen on ", scheme, "; write ");
  if (IsHostAndPort(plain)) return absl::StrCat(other, plain);
  return absl::StrCat(other, "unix:PATH, HOST:PORT or a path",
                      absl::StartsWith(rest, "//") ? "" : absl::StrCat(", as ./", address));
}

// About one of a colon and no slash.
std::string MistakeInHostAndPort(absl::string_view address) {
  const std::size_t colon = address.rfind(':');
  const absl::string_view host = address.substr(0, colon);
  const absl::string_view port = address.substr(colon + 1);
  if (absl::StartsWith(address, "[") && absl::EndsWith(address, "]")) {
    return absl::StrCat("the port is missing; write ", address, ":PORT");
  }
  if (IsIpv6(address) && !IsIpv6(host)) {
    return absl::StrCat("the port is missing; write [", address, "]:PORT");
  }
  if (host.empty()) return "the host is missing";
  if (port.empty()) return absl::StrCat("the port is missing; write ", host, ":PORT");
  int number = 0;
  if (!HasDigitsOnly(port) || !absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) {
    return absl::StrCat("\"", port, "\" is no port; write 1 to 65535",
                        HasDigitsOnly(port) ? "" : absl::StrCat(", or ./", address, " for a path"));
  }
  const bool is_bracketed = absl::StartsWith(host, "[");
  if (is_bracketed && !(absl::EndsWith(host, "]") && absl::StrContains(host, ':'))) {
    return "only an IPv6 address has brackets, as [::1]:9000";
  }
  if (!is_bracketed && absl::StrContains(host, ':')) {
    return absl::StrCat("write an IPv6 address in brackets: [", host, "]:", port);
  }
  return "";
}

// Where the file of masters is, by the convention of desktops. Empty: nobody knows.
std::string UsualConfigFile() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return Join(config, "muster/ctl.textproto");
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return Join(home, ".config/muster/ctl.textproto");
  return "";
}

}  // namespace

bool IsHostAndPort(absl::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == absl::string_view::npos || absl::StrContains(address, '/')) return false;
  if (absl::StartsWithIgnoreCase(address, "unix:")) return false;
  return HasDigitsOnly(address.substr(colon + 1));
}

absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view address) {
  if (const std::string why = MistakeInAddress(address); !why.empty()) {
    return WrongAddress(address, why);
  }
  const std::size_t colon = address.rfind(':');
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return HostAndPort{std::string(host), std::string(address.substr(colon + 1))};
}

std::string MistakeInAddress(absl::string_view address) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, "unix:")) {
    // "unix:///run/x.sock", as gRPC's tools write it. With two slashes it has a host.
    if (absl::StartsWith(path, "//") && !absl::StartsWith(path, "///")) {
      return absl::StrCat("write unix:", path.substr(1),
                          " for an absolute path, unix:", path.substr(2), " for a relative one");
    }
    return path.empty() ? "the path is missing" : "";
  }
  if (address.empty()) return "the path is missing";
  const std::string scheme = SchemeOf(address);
  const bool has_slash = absl::StrContains(address, '/');
  const bool is_scheme = !scheme.empty() && (has_slash || IsKnownScheme(scheme) ||
                                             absl::EqualsIgnoreCase(scheme, "unix"));
  if (is_scheme) return MistakeOfScheme(scheme, address);
  if (has_slash || !absl::StrContains(address, ':')) return "";
  return MistakeInHostAndPort(address);
}

Surroundings Surroundings::FromProcess() {
  Surroundings result;
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    result.directory = directory;
  } else {
    std::error_code error;  // a folder that was removed: absolute addresses still work
    result.directory = std::filesystem::current_path(error).string();
  }
  if (const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY")) {
    result.workspace = workspace;
  }
  result.config_file = UsualConfigFile();
  return result;
}

absl::StatusOr<std::vector<std::string>> SocketPaths(const std::optional<std::string>& address,
                                                     const Surroundings& surroundings) {
  if (!address.has_value()) {
    return std::vector<std::string>{
        Join(surroundings.directory, kDefault),
        Join(surroundings.workspace.value_or(surroundings.directory), kExample), kInstalled};
  }
  if (const std::string why = MistakeInAddress(*address); !why.empty()) {
    return WrongAddress(*address, why);
  }
  absl::string_view path = *address;
  if (absl::ConsumePrefix(&path, "unix:") && absl::StartsWith(path, "///")) path.remove_prefix(2);
  const std::string absolute = Join(surroundings.directory, path);
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (absolute.size() > kMost) {
    return WrongAddress(*address, absl::StrCat(absolute, " has ", absolute.size(),
                                               " bytes, a Unix socket's path at most ", kMost,
                                               "; name it by a shorter path, a symbolic link"));
  }
  return std::vector<std::string>{absolute};
}

}  // namespace muster::ctl
