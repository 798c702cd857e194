#include "muster/master/admin/connection/peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

absl::StatusOr<std::vector<gid_t>> GroupsOf(int fd) {
  // Enough for most; else the kernel says how many.
  std::vector<gid_t> groups(32);
  while (true) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    const std::size_t size = bytes / sizeof(gid_t);
    if (result == 0) {
      groups.resize(size);
      return groups;
    }
    if (errno != ERANGE || size <= groups.size())
      return ipc::ErrnoStatus("getsockopt SO_PEERGROUPS");
    groups.resize(size);
  }
}

}  // namespace

absl::StatusOr<Peer> Peer::OfSocket(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return ipc::ErrnoStatus("getsockopt SO_PEERCRED");
  }
  MUSTER_ASSIGN_OR_RETURN(std::vector<gid_t> groups, GroupsOf(fd));
  return Peer{credentials.pid, credentials.uid, credentials.gid, std::move(groups)};
}

Caller Peer::ToCaller() const {
  Caller caller;
  caller.name = ToString();
  caller.identities.push_back(absl::StrCat("uid:", uid));
  caller.identities.push_back(absl::StrCat("gid:", gid));
  for (const gid_t group : groups) caller.identities.push_back(absl::StrCat("gid:", group));
  return caller;
}

std::string Peer::ToString() const {
  if (pid <= 0) return absl::StrCat("uid ", uid);
  return absl::StrCat("uid ", uid, " (pid ", pid, ")");
}

}  // namespace muster::master
