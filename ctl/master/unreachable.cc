#include "muster/ctl/master/unreachable.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace muster::ctl {
namespace {

bool IsSocket(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

std::string UserName(uid_t uid) {
  const passwd* user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : absl::StrCat("user ", uid);
}

// The part of `path` that is there but is no folder, so that nothing can be below it.
std::string FileOnTheWay(const std::string& path) {
  struct stat status;
  for (std::size_t slash = path.find('/', 1); slash != path.npos;
       slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::stat(part.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) return part;
  }
  return path;
}

// What is there instead of a socket: the kernel says "Connection refused" of it.
std::string NoSocket(const std::string& path, mode_t mode) {
  if (!S_ISDIR(mode)) {
    const char* kind = S_ISREG(mode) ? "file" : S_ISFIFO(mode) ? "pipe" : "device";
    return absl::StrCat("unix:", path, " is a ", kind,
                        ", not a socket; the socket is where admin.listen of the master's "
                        "configuration says");
  }
  for (const char* usual : {"/run/admin.sock", "/admin.sock"}) {
    const std::string socket = path + usual;
    if (IsSocket(socket)) {
      return absl::StrCat("unix:", path, " is a folder; did you mean ", socket, "?");
    }
  }
  return absl::StrCat("unix:", path,
                      " is a folder; name the socket in it, as admin.listen of the master's "
                      "configuration does");
}

std::string WhoMay(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    return "this user may not enter a folder on the way; run ctl as the user of the master";
  }
  return absl::StrCat("the socket is for its owner alone; run ctl as ", UserName(status.st_uid));
}

}  // namespace

Unreachable ExplainUnreachable(const std::string& path, int error) {
  const std::string kernel = absl::StrCat("connect unix:", path, ": ", std::strerror(error));
  const auto advise = [&kernel](const std::string& advice) {
    return absl::StrCat(kernel, "; ", advice);
  };
  struct stat status;
  switch (error) {
    case ENOENT:
    case ELOOP:
      return {.line = kernel};
    case ENAMETOOLONG:
      return {.line = absl::StrCat(kernel, "; it has ", path.size(),
                                   " bytes, and the kernel takes at most ",
                                   sizeof(sockaddr_un::sun_path) - 1)};
    case ENOTDIR:
      return {.line = advise(absl::StrCat(FileOnTheWay(path), " is a file, not a folder")),
              .has_advice = true};
    case ECONNREFUSED:
      if (::stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return {.line = NoSocket(path, status.st_mode), .has_advice = true};
      }
      return {.line = advise("a master that was killed has left this socket; start one again"),
              .has_advice = true};
    case EPROTOTYPE:
      return {.line = advise("this is another program's socket, not a master's"),
              .has_advice = true};
    case EACCES:
      return {.line = advise(WhoMay(path)), .has_advice = true, .is_perhaps_there = true};
    case EAGAIN:
      return {.line = advise("who listens there takes no connections; is the process stopped?"),
              .has_advice = true,
              .is_perhaps_there = true};
    default:
      return {.line = kernel, .is_perhaps_there = true};
  }
}

}  // namespace muster::ctl
