#include "muster/master/admin/connection/peer.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/config/access/identity_kind.h"
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

absl::StatusOr<Peer> OfTcp(const sockaddr_storage& storage, socklen_t size) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  const int error =
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return absl::InternalError(absl::StrCat("getnameinfo: ", ::gai_strerror(error)));
  Peer peer;
  peer.host = host;
  peer.address = storage.ss_family == AF_INET6 ? absl::StrCat("[", host, "]:", port)
                                               : absl::StrCat(host, ":", port);
  return peer;
}

absl::StatusOr<Peer> OfUnix(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return ipc::ErrnoStatus("getsockopt SO_PEERCRED");
  }
  MUSTER_ASSIGN_OR_RETURN(std::vector<gid_t> groups, GroupsOf(fd));
  return Peer{credentials.pid, credentials.uid, credentials.gid, std::move(groups)};
}

}  // namespace

absl::StatusOr<Peer> Peer::OfSocket(int fd) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return ipc::ErrnoStatus("getpeername");
  }
  return storage.ss_family == AF_UNIX ? OfUnix(fd) : OfTcp(storage, size);
}

Caller Peer::ToCaller() const {
  Caller caller;
  caller.name = ToString();
  caller.identities.push_back(absl::StrCat(config::kUid, uid));
  caller.identities.push_back(absl::StrCat(config::kGid, gid));
  for (const gid_t group : groups) caller.identities.push_back(absl::StrCat(config::kGid, group));
  return caller;
}

std::string Peer::share() const { return is_unix() ? absl::StrCat("uid ", uid) : host; }

std::string Peer::ToString() const {
  if (!is_unix()) return address;
  if (pid <= 0) return absl::StrCat("uid ", uid);
  return absl::StrCat("uid ", uid, " (pid ", pid, ")");
}

}  // namespace muster::master
