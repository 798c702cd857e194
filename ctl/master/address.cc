#include "muster/ctl/master/address.h"

#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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
  if (absl::StartsWith(address, "unix:")) return false;
  const absl::string_view port = address.substr(colon + 1);
  return !port.empty() && port.find_first_not_of("0123456789") == absl::string_view::npos;
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
  absl::string_view path = *address;
  const bool has_scheme = absl::ConsumePrefix(&path, "unix:");
  if (const std::string scheme = SchemeOf(path); !has_scheme && !scheme.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "master address \"", *address, "\": a master does not listen on ", scheme,
        "; write unix:PATH, HOST:PORT or a path",
        absl::StartsWith(path, absl::StrCat(scheme, "://")) ? "" : absl::StrCat(", as ./", path)));
  }
  // "unix:///run/x.sock", as gRPC's tools write it. With two slashes it has a host.
  if (has_scheme && absl::StartsWith(path, "///")) {
    path.remove_prefix(2);
  } else if (has_scheme && absl::StartsWith(path, "//")) {
    return absl::InvalidArgumentError(
        absl::StrCat("master address \"", *address, "\": write unix:", path.substr(1),
                     " for an absolute path, unix:", path.substr(2), " for a relative one"));
  }
  if (path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("master address \"", *address, "\": the path is missing"));
  }
  const std::string absolute = Join(surroundings.directory, path);
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (absolute.size() > kMost) {
    return absl::InvalidArgumentError(absl::StrCat("master address \"", *address, "\": ", absolute,
                                                   " has ", absolute.size(),
                                                   " bytes, a Unix socket's path at most ", kMost,
                                                   "; name it by a shorter path, a symbolic link"));
  }
  return std::vector<std::string>{absolute};
}

}  // namespace muster::ctl
